import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { silent } from './silent.ts';

const { privateKey, publicKey } = generateKeyPairSync('ed25519');

/** What a sequencer needs beside a database. */
export const numbering = {
  publicUrl: 'https://login.example',
  logger: silent,
  key: { id: 'a1', key: privateKey },
  source: { now: Date.now, randomBytes },
};

/** What its checkpoints are verified by. */
export const auditKeys = { keys: [{ ...publicKey.export({ format: 'jwk' }), kid: 'a1' }] };
