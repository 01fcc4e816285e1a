import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { AuditKeys } from '@sallyport/audit/log';
import { readConfig } from '@sallyport/config';
import { z } from 'zod';
import { GatewayConfig } from '../gateway/config.ts';
import { readPrivateKey, toJwk } from '../gateway/domain/access-tokens.ts';
import { readKeys } from './keys.ts';
import { StartError } from './start-error.ts';

const KeySet = z.looseObject({ keys: z.array(z.looseObject({ kid: z.string() })) });
const Ring = z.object({ AUDIT_SIGNING_KEYS: GatewayConfig.shape.AUDIT_SIGNING_KEYS });

/** The public keys of checkpoints: of `--keys`, and of `--url`, else of this installation; undefined where there are none. */
export async function readAuditKeys(
  from: { keys?: string | undefined; url?: string | undefined; file?: string | undefined },
  env: NodeJS.ProcessEnv,
): Promise<AuditKeys | undefined> {
  const sets = [from.keys === undefined ? undefined : parse(from.keys, await read(from.keys))];
  if (from.url !== undefined) {
    const address = `${from.url.replace(/\/+$/, '')}/.well-known/audit-keys.json`;
    sets.push(parse(address, await read(address)));
  } else if (from.file === undefined) sets.push(await readOwn(env));
  const keys = sets.flatMap((set) => set?.keys ?? []);
  return keys.length === 0 ? undefined : { keys };
}

async function readOwn(env: NodeJS.ProcessEnv): Promise<AuditKeys | undefined> {
  const given =
    env.AUDIT_SIGNING_KEYS || (await readKeys(join(env.DATA_DIR || '.data', 'keys.json'))).AUDIT_SIGNING_KEYS;
  if (!given) return undefined;
  const { AUDIT_SIGNING_KEYS: ring } = readConfig(Ring, { AUDIT_SIGNING_KEYS: given });
  return { keys: ring.keys.map(({ id, bytes }) => toJwk(id, readPrivateKey(bytes), 'EdDSA')) };
}

async function read(place: string): Promise<string> {
  try {
    if (!/^https?:/.test(place)) return await readFile(place, 'utf8');
    const answer = await fetch(place, { signal: AbortSignal.timeout(10_000) });
    if (!answer.ok) throw new Error(`answered ${answer.status}`);
    return await answer.text();
  } catch (error) {
    throw new StartError(`The keys at ${place} can't be read: ${(error as Error).message}.`);
  }
}

function parse(place: string, text: string): AuditKeys {
  try {
    return KeySet.parse(JSON.parse(text)) as AuditKeys;
  } catch {
    throw new StartError(`${place} holds no JWK set.`);
  }
}
