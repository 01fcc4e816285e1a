import { createSecretKey, type KeyObject } from 'node:crypto';
import { RequestContext } from '@sallyport/contracts';
import jwt from 'jsonwebtoken';
import { z } from 'zod';

/*
 * How a service knows that the gateway calls (promise 9): a JWT for each call, HS256 under a secret of that service
 * alone, good for 60 s (30 s leeway for clocks). It carries the context of the request, so that what a service
 * writes into an audit event is what the gateway saw, and nobody between them can alter it.
 */

const lifeSeconds = 60;
const leewaySeconds = 30;
const issuer = 'gateway';

const Claims = z.object({ iat: z.int(), exp: z.int(), sub: z.uuid().optional(), ctx: RequestContext });

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
  claims: ServiceClaims,
): string {
  const [first] = secrets;
  if (first === undefined) throw new Error('there is no secret to sign with');
  const iat = Math.floor(now() / 1_000);
  const payload = { iss: issuer, aud: audience, iat, exp: iat + lifeSeconds, ctx: claims.context };
  const withSubject = claims.subject === undefined ? payload : { ...payload, sub: claims.subject };
  return jwt.sign(withSubject, keyOf(first), { algorithm: 'HS256' });
}

/** The claims of a token that one of the secrets made for this service and that lives now, else undefined. */
export function verifyServiceToken(
  audience: string,
  secrets: readonly string[],
  now: () => number,
  token: string,
): ServiceClaims | undefined {
  for (const secret of secrets) {
    try {
      const payload = jwt.verify(token, keyOf(secret), {
        algorithms: ['HS256'],
        audience,
        issuer,
        clockTimestamp: Math.floor(now() / 1_000),
        clockTolerance: leewaySeconds,
      });
      const claims = Claims.parse(payload);
      if (claims.exp - claims.iat > lifeSeconds) return undefined;
      return { context: claims.ctx, subject: claims.sub };
    } catch {}
  }
  return undefined;
}

const keys = new Map<string, KeyObject>();

/** Made once: jsonwebtoken tries a text as a private and as a public key first, each time, longer than the HMAC takes. */
function keyOf(secret: string): KeyObject {
  const known = keys.get(secret);
  if (known !== undefined) return known;
  const key = createSecretKey(Buffer.from(secret));
  keys.set(secret, key);
  return key;
}
