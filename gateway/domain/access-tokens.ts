import { createPrivateKey, createPublicKey, type KeyObject } from 'node:crypto';
import jwt from 'jsonwebtoken';
import { LRUCache } from 'lru-cache';
import { z } from 'zod';
import type { GatewayConfig } from '../config.ts';

/*
 * Access tokens (RFC 9068: `typ: at+jwt`), ES256 under a key ring: the first key signs, all verify, the header's `kid`
 * only chooses among them and every other header field is ignored. Whoever holds one has a session: whether that
 * still lives is asked in Postgres at every request, never read from here.
 */

const Claims = z.object({
  sub: z.uuid(),
  sid: z.uuid(),
  auth_time: z.int(),
  amr: z.array(z.string()),
});
type AccessClaims = z.infer<typeof Claims>;

export interface AccessTokens {
  sign(claims: AccessClaims & { roles: readonly string[] }, jti: string): string;
  /** The claims of a token that this ring signed and that lives now, else undefined. */
  verify(token: string): AccessClaims | undefined;
  /** The public keys, for anybody who verifies tokens alone (RFC 7517). */
  jwks: { keys: object[] };
}

const algorithm = 'ES256';
const longestToken = 4_096;

/** Tokens whose signature was checked before; an owner sends the same one until it expires. Ours are under 2 KB each. */
const mostKnown = 2_000;

interface Verified {
  claims: AccessClaims;
  /** Seconds since 1970. */
  exp: number;
}

export function createAccessTokens(
  config: Pick<GatewayConfig, 'TOKEN_SIGNING_KEYS' | 'TOKEN_AUDIENCE' | 'ACCESS_TOKEN_SECONDS'>,
  publicUrl: string,
  now: () => number,
): AccessTokens {
  const { keys, current } = config.TOKEN_SIGNING_KEYS;
  const ring = keys.map(({ id, bytes }) => ({ id, privateKey: readPrivateKey(bytes) }));
  const signingKey = readPrivateKey(current.bytes);
  const publicKeys = new Map(ring.map(({ id, privateKey }) => [id, createPublicKey(privateKey)]));
  const audience = config.TOKEN_AUDIENCE ?? publicUrl;
  const seconds = () => Math.floor(now() / 1_000);
  const known = new LRUCache<string, Verified>({ max: mostKnown });

  function check(token: string): Verified | undefined {
    const key = findKey(token, publicKeys);
    if (key === undefined) return undefined;
    try {
      const payload = jwt.verify(token, key, {
        algorithms: [algorithm],
        issuer: publicUrl,
        audience,
        clockTimestamp: seconds(),
      });
      if (typeof payload !== 'object' || payload.exp === undefined) return undefined;
      return { claims: Claims.parse(payload), exp: payload.exp };
    } catch {
      return undefined;
    }
  }

  return {
    sign({ sub, ...claims }, jti) {
      const iat = seconds();
      const times = { iat, exp: iat + config.ACCESS_TOKEN_SECONDS };
      return jwt.sign({ iss: publicUrl, sub, aud: audience, ...times, jti, ...claims }, signingKey, {
        algorithm,
        keyid: current.id,
        header: { alg: algorithm, typ: 'at+jwt' },
      });
    },
    verify(token) {
      const met = known.get(token);
      const verified = met ?? check(token);
      if (verified === undefined || verified.exp <= seconds()) return undefined;
      if (!met) known.set(copyOf(token), verified);
      return verified.claims;
    },
    jwks: { keys: ring.map(({ id, privateKey }) => toJwk(id, privateKey, algorithm)) },
  };
}

/** A part of a header keeps the whole header in memory. */
function copyOf(token: string): string {
  return Buffer.from(token, 'latin1').toString('latin1');
}

/** A key as its ring holds it: PKCS#8 in DER. */
export function readPrivateKey(bytes: Buffer): KeyObject {
  return createPrivateKey({ key: bytes, format: 'der', type: 'pkcs8' });
}

/** A key's public half as a JWK for verifying signatures. */
export function toJwk(kid: string, privateKey: KeyObject, alg: string): object {
  return { ...createPublicKey(privateKey).export({ format: 'jwk' }), kid, use: 'sig', alg };
}

function findKey(token: string, keys: ReadonlyMap<string, KeyObject>): KeyObject | undefined {
  if (token.length > longestToken) return undefined;
  const header = jwt.decode(token, { complete: true })?.header;
  if (header?.alg !== algorithm || header.typ !== 'at+jwt' || header.crit !== undefined) return undefined;
  return typeof header.kid === 'string' ? keys.get(header.kid) : undefined;
}
