import { generateKeyPairSync, randomBytes } from 'node:crypto';

/** How each secret of a deployment is made, by the name of its variable. */
const keyGenerators = {
  USERS_SERVICE_SECRETS: createSecret,
  OTP_SERVICE_SECRETS: createSecret,
  PASSWORD_PEPPERS: () => randomBytes(32).toString('base64'),
  OTP_ENCRYPTION_KEYS: () => randomBytes(32).toString('base64'),
  TOKEN_SIGNING_KEYS: () => {
    const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    return privateKey.export({ type: 'pkcs8', format: 'der' }).toString('base64');
  },
  AUDIT_SIGNING_KEYS: () => {
    const { privateKey } = generateKeyPairSync('ed25519');
    return privateKey.export({ type: 'pkcs8', format: 'der' }).toString('base64');
  },
  POSTGRES_PASSWORD: createSecret,
} as const;

export type KeyName = keyof typeof keyGenerators;
export type Keys = Record<KeyName, string>;

export type RingName = Exclude<KeyName, 'POSTGRES_PASSWORD'>;

export const keyNames = Object.keys(keyGenerators) as KeyName[];
export const ringNames = keyNames.filter((name): name is RingName => name !== 'POSTGRES_PASSWORD');

/** 32 random bytes, base64url: safe in a URL, a shell and a list. */
export function createSecret(): string {
  return randomBytes(32).toString('base64url');
}

export function generateKeys(): Keys {
  return Object.fromEntries(
    keyNames.map((name) => [name, hasIds(name) ? createEntry(name, 1) : keyGenerators[name]()]),
  ) as Keys;
}

/** A fresh entry of a ring: `k2:base64`, or `s2.secret` where entries have no ids. */
export function createEntry(name: RingName, number: number): string {
  return hasIds(name) ? `k${number}:${keyGenerators[name]()}` : `s${number}.${keyGenerators[name]()}`;
}

function hasIds(name: KeyName): name is Exclude<RingName, `${string}_SERVICE_SECRETS`> {
  return name !== 'POSTGRES_PASSWORD' && !name.endsWith('_SERVICE_SECRETS');
}
