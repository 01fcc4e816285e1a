// Step 3 of a rotation of OTP_ENCRYPTION_KEYS begins here: beside the running instances, until no row is on an old key.
import { randomBytes } from 'node:crypto';
import { parseArgs } from 'node:util';
import { readConfig } from '@sallyport/config';
import { Unavailable } from '@sallyport/contracts';
import { openDb, requireMigrated } from '@sallyport/postgres';
import { z } from 'zod';
import { OtpConfig } from '../services/otp/config.ts';
import { reencrypt } from '../services/otp/domain/reencrypt.ts';
import { otpMigrations } from '../services/otp/migrations.ts';
import { checkDatabase } from './check-database.ts';
import { createProgress } from './create-progress.ts';
import { explainFailure } from './explain-failure.ts';
import { findKeyDatabase } from './find-key-database.ts';
import { openKeySource } from './key-source.ts';
import { StartError } from './start-error.ts';

const usage = `npm run otp:reencrypt            moves every secret of otp to the key that writes, the first of the ring
  --env FILE   the ring is in this file, such as .env, instead of DATA_DIR/keys.json
Run it after step 2 of a rotation, when every instance of otp has restarted; they go on meanwhile.
OTP_ENCRYPTION_KEYS and DATABASE_URL of the environment come first; without a database's URL it is that of a running
npm start, found through DATA_DIR. Whenever it was stopped, run it again: it goes on where it was.
Exit code 0: no row is on an old key. 1: refused, failed, or rows are left, with a sentence.`;

const deadlineMs = 60_000;
const schema = z.object({ OTP_ENCRYPTION_KEYS: OtpConfig.shape.OTP_ENCRYPTION_KEYS });

try {
  process.exitCode = await main();
} catch (error) {
  const away = error instanceof Unavailable && 'PostgreSQL went away. What was moved stays moved: run this again.';
  console.error(away || explainFailure(error));
  process.exitCode = 1;
}

async function main(): Promise<0 | 1> {
  const { env: envFile, help } = readOptions();
  if (help) {
    console.log(usage);
    return 0;
  }
  const { env } = process;
  // Where the environment has the ring, as in a container, there may be no file.
  const given = env.OTP_ENCRYPTION_KEYS;
  const source = given && envFile === undefined ? undefined : await openKeySource(envFile, env.DATA_DIR || '.data');
  const ring = given || source?.get('OTP_ENCRYPTION_KEYS');
  const { OTP_ENCRYPTION_KEYS: keys } = readConfig(schema, { OTP_ENCRYPTION_KEYS: ring });
  const url = await findKeyDatabase(env, source);
  await checkDatabase(url);
  const db = openDb({ url, name: 'sallyport-reencrypt', max: 1, deadlineMs });
  try {
    await requireMigrated(db, { name: 'otp', url, migrations: otpMigrations });
    const result = await reencrypt({
      db,
      keys,
      randomBytes,
      onProgress: createProgress(() => performance.now(), console.log),
      onUnreadable: (table, { userId, sealed }) =>
        console.error(`otp.${table} of account ${userId} can't be opened with ${sealed.keyId}; it is left as it is`),
    });
    return tell(result, keys.current.id);
  } finally {
    await db.close();
  }
}

function tell(result: Awaited<ReturnType<typeof reencrypt>>, keyId: string): 0 | 1 {
  if (result.outcome === 'refused') throw new StartError(result.fault);
  const { moved, left, unreadable } = result;
  console.log(`${count(moved)} moved to ${keyId}`);
  if (left === 0) {
    console.log('0 rows on the old keys');
    return 0;
  }
  const why =
    left > unreadable
      ? 'does an instance of otp still write with an old one? Restart it, and run this again'
      : `${count(unreadable)} can't be opened: enrol those accounts anew, or bring back what the rows were`;
  console.error(`${count(left)} on the old keys: ${why}.`);
  return 1;
}

function count(rows: number): string {
  return `${rows} ${rows === 1 ? 'row' : 'rows'}`;
}

function readOptions() {
  try {
    return parseArgs({ options: { env: { type: 'string' }, help: { type: 'boolean' } } }).values;
  } catch {
    throw new StartError('The options are --env FILE and --help: npm run otp:reencrypt -- --help.');
  }
}
