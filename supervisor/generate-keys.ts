import { generateKeyPairSync, randomBytes } from 'node:crypto';

/** How each secret of a deployment is made, by the name of its variable. */
const keyGenerators = {
  USERS_SERVICE_SECRETS: createSecret,
  OTP_SERVICE_SECRETS: createSecret,
  PASSWORD_PEPPERS: () => ring(randomBytes(32)),
  OTP_ENCRYPTION_KEYS: () => ring(randomBytes(32)),
  TOKEN_SIGNING_KEYS: () => {
    const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    return ring(privateKey.export({ type: 'pkcs8', format: 'der' }));
  },
  AUDIT_SIGNING_KEYS: () => {
    const { privateKey } = generateKeyPairSync('ed25519');
    return ring(privateKey.export({ type: 'pkcs8', format: 'der' }));
  },
  POSTGRES_PASSWORD: createSecret,
} as const;

export type KeyName = keyof typeof keyGenerators;
export type Keys = Record<KeyName, string>;

export const keyNames = Object.keys(keyGenerators) as KeyName[];

/** 32 random bytes, base64url: safe in a URL, a shell and a list. */
export function createSecret(): string {
  return randomBytes(32).toString('base64url');
}

export function generateKeys(): Keys {
  return Object.fromEntries(keyNames.map((name) => [name, keyGenerators[name]()])) as Keys;
}

function ring(key: Buffer): string {
  return `k1:${key.toString('base64')}`;
}
