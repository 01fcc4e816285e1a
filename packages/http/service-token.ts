import { createHmac, createSecretKey, type KeyObject, timingSafeEqual } from 'node:crypto';
import { RequestContext } from '@sallyport/contracts';
import { z } from 'zod';

/*
 * How a service knows that the gateway calls (promise 9): a JWT for each call, HS256 under a secret of that service
 * alone, good for 60 s (30 s leeway for clocks). It carries the context of the request, so that what a service
 * writes into an audit event is what the gateway saw, and nobody between them can alter it.
 * There is one header, compared as a text: nothing in a token says how it is to be checked (RFC 8725 3.1). That is all it
 * takes, and a third of the time of a library that knows every kind of JWT; a login has three such calls.
 */

const lifeSeconds = 60;
const leewaySeconds = 30;
const issuer = 'gateway';
const header = `${encode({ alg: 'HS256', typ: 'JWT' })}.`;

const Claims = z.object({
  iss: z.literal(issuer),
  aud: z.string(),
  iat: z.int(),
  exp: z.int(),
  sub: z.uuid().optional(),
  ctx: RequestContext,
});
type Claims = z.infer<typeof Claims>;

export interface ServiceClaims {
  context: RequestContext;
  /** The account that something is fetched for. */
  subject?: string | undefined;
}

/** @param secrets of the service that is called; the first signs */
export function signServiceToken(
  audience: string,
  secrets: readonly string[],
  now: () => number,
  { context, subject }: ServiceClaims,
): string {
  const [first] = secrets;
  if (first === undefined) throw new Error('there is no secret to sign with');
  const iat = Math.floor(now() / 1_000);
  const claims: Claims = { iss: issuer, aud: audience, iat, exp: iat + lifeSeconds, sub: subject, ctx: context };
  const signed = header + encode(claims);
  return `${signed}.${macOf(signed, first)}`;
}

/** The claims of a token that one of the secrets made for this service and that lives now, else undefined. */
export function verifyServiceToken(
  audience: string,
  secrets: readonly string[],
  now: () => number,
  token: string,
): ServiceClaims | undefined {
  const end = token.lastIndexOf('.');
  if (!token.startsWith(header) || end < header.length) return undefined;
  const signed = token.slice(0, end);
  const mac = token.slice(end + 1);
  if (!secrets.some((secret) => isEqual(macOf(signed, secret), mac))) return undefined;
  const claims = decode(signed.slice(header.length));
  if (claims?.aud !== audience || claims.exp - claims.iat > lifeSeconds) return undefined;
  if (now() / 1_000 >= claims.exp + leewaySeconds) return undefined;
  return { context: claims.ctx, subject: claims.sub };
}

function encode(value: object): string {
  return Buffer.from(JSON.stringify(value)).toString('base64url');
}

function decode(part: string): Claims | undefined {
  try {
    return Claims.safeParse(JSON.parse(Buffer.from(part, 'base64url').toString())).data;
  } catch {
    return undefined;
  }
}

function macOf(signed: string, secret: string): string {
  return createHmac('sha256', keyOf(secret)).update(signed).digest('base64url');
}

function isEqual(expected: string, given: string): boolean {
  const [left, right] = [Buffer.from(expected), Buffer.from(given)];
  return left.length === right.length && timingSafeEqual(left, right);
}

const keys = new Map<string, KeyObject>();

function keyOf(secret: string): KeyObject {
  const known = keys.get(secret);
  if (known !== undefined) return known;
  const key = createSecretKey(Buffer.from(secret));
  keys.set(secret, key);
  return key;
}
