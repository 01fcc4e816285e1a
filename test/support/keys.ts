import { generateKeyPairSync, type KeyObject, randomBytes } from 'node:crypto';

const secret = () => randomBytes(32).toString('base64url');
const privateKey = (key: KeyObject) => key.export({ format: 'der', type: 'pkcs8' }).toString('base64');

/** Fresh keys for every run of a test file. */
export const testKeys = {
  USERS_SERVICE_SECRETS: secret(),
  OTP_SERVICE_SECRETS: secret(),
  PASSWORD_PEPPERS: `p1:${randomBytes(32).toString('base64')}`,
  OTP_ENCRYPTION_KEYS: `e1:${randomBytes(32).toString('base64')}`,
  TOKEN_SIGNING_KEYS: `t1:${privateKey(generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey)}`,
  AUDIT_SIGNING_KEYS: `a1:${privateKey(generateKeyPairSync('ed25519').privateKey)}`,
};
