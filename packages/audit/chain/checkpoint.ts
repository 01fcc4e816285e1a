import { createPublicKey, type JsonWebKeyInput, type KeyObject, sign, verify } from 'node:crypto';
import type { CheckpointData } from '../event/checkpoint-data.ts';
import { canonical } from './canonical.ts';

/** A JWK set (RFC 7517) of Ed25519 keys, as `/.well-known/audit-keys.json` has it. */
export interface AuditKeys {
  keys: readonly (JsonWebKeyInput['key'] & { kid?: string })[];
}

/** What a checkpoint's signature is over. */
function signedText(data: object): Buffer {
  const { signature: _, ...signed } = data as { signature?: unknown };
  return Buffer.from(`sallyport.audit.checkpoint.v1\n${canonical(signed)}`);
}

/** Signs a checkpoint's data with an Ed25519 private key; base64url. */
export function signCheckpoint(data: Omit<CheckpointData, 'signature'>, key: KeyObject): string {
  return sign(null, signedText(data), key).toString('base64url');
}

/** Whether a key of the set has signed this data: `unknown-key` where the set has none of that `kid`. */
export function judgeSignature(data: CheckpointData, { keys }: AuditKeys): 'valid' | 'invalid' | 'unknown-key' {
  const key = keys.find(({ kid }) => kid === data.kid);
  if (key === undefined) return 'unknown-key';
  try {
    const signature = Buffer.from(data.signature, 'base64url');
    return verify(null, signedText(data), createPublicKey({ key, format: 'jwk' }), signature) ? 'valid' : 'invalid';
  } catch {
    return 'invalid';
  }
}
