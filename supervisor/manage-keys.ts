import { parseArgs } from 'node:util';
import { countKeyRows, isNamedByRows } from './count-key-rows.ts';
import { explainFailure } from './explain-failure.ts';
import { findKeyDatabase } from './find-key-database.ts';
import { createEntry, type RingName, ringNames } from './generate-keys.ts';
import { type KeySource, openKeySource } from './key-source.ts';
import { idOf, labelOf, type RingState, readRing, rotateRing } from './rotate-ring.ts';
import { StartError } from './start-error.ts';

const usage = `npm run keys                     lists the rings: ids in order, fingerprints, the next step
npm run keys -- rotate RING      does the next of the three steps of a rotation
npm run keys -- new RING         prints a fresh entry, for secrets kept elsewhere
  --env FILE   the rings are in this file, such as .env, instead of DATA_DIR/keys.json
  --force      takes a key out though the rows that need it could not be counted; of AUDIT_SIGNING_KEYS, though there are
               some
RING: ${ringNames.join(', ')}`;

const restarts: Record<RingName, string> = {
  PASSWORD_PEPPERS: 'users',
  OTP_ENCRYPTION_KEYS: 'otp',
  TOKEN_SIGNING_KEYS: 'gateway',
  AUDIT_SIGNING_KEYS: 'gateway',
  USERS_SERVICE_SECRETS: 'users and gateway',
  OTP_SERVICE_SECRETS: 'otp and gateway',
};

const whenOldGoes: Record<RingName, string> = {
  PASSWORD_PEPPERS: 'when no row of users.account names it',
  OTP_ENCRYPTION_KEYS: 'when npm run otp:reencrypt has ended with "0 rows on the old keys"',
  TOKEN_SIGNING_KEYS: 'SESSION_ABSOLUTE_SECONDS after that restart',
  AUDIT_SIGNING_KEYS: 'when the log keeps no checkpoint by it',
  USERS_SERVICE_SECRETS: 'a minute and a half after that restart',
  OTP_SERVICE_SECRETS: 'a minute and a half after that restart',
};

/** How a row gets off an old key, where rows name keys. */
const whatMoves: Partial<Record<RingName, string>> = {
  PASSWORD_PEPPERS: "each is made anew at its owner's next login",
  OTP_ENCRYPTION_KEYS: 'npm run otp:reencrypt moves them',
  AUDIT_SIGNING_KEYS:
    'whoever verifies the log needs it. With --force it goes; keep its public half (/.well-known/audit-keys.json) for --keys',
};

const steps = { 1: 'a new key at the end', 2: 'the new key to the front', 3: 'the old key out' };

try {
  await main();
} catch (error) {
  console.error(explainFailure(error));
  process.exitCode = 1;
}

async function main(): Promise<void> {
  const { values, positionals } = readOptions();
  const [command, ring, ...rest] = positionals;
  if (values.help) return console.log(usage);
  if (rest.length > 0) throw new StartError('One ring at a time: npm run keys -- --help.');
  if (command === 'new') return console.log(createEntry(readName(ring), Math.floor(Date.now() / 1000)));
  const source = await openKeySource(values.env, process.env.DATA_DIR || '.data');
  if (command === undefined) return list(source);
  if (command !== 'rotate') throw new StartError('The commands are rotate and new: npm run keys -- --help.');
  await rotate(source, readName(ring), values.force ?? false);
}

function list(source: KeySource): void {
  for (const name of ringNames) {
    const inEnvironment = process.env[name] !== undefined;
    const text = process.env[name] ?? source.get(name);
    console.log(`${name}  ${inEnvironment ? 'the environment' : source.path}`);
    console.log(text ? `  ${describe(name, text)}` : '  none');
  }
}

function describe(name: RingName, text: string): string {
  const state = readRing(name, text);
  const labels = state.entries.map((entry, index) => `${labelOf(name, entry)}${index === 0 ? ' writes' : ''}`);
  return `${labels.join(', ')}; next: step ${state.next}, ${steps[state.next]}`;
}

async function rotate(source: KeySource, name: RingName, force: boolean): Promise<void> {
  if (process.env[name] !== undefined) {
    throw new StartError(`${name} is set in the environment: change it there (npm run keys -- new ${name}).`);
  }
  const text = source.get(name);
  if (!text) throw new StartError(`${source.path} has no ${name}.`);
  const state = readRing(name, text);
  if (state.next === 3) await refuseWhileNeeded(source, name, state, force);
  await source.replace(name, rotateRing(name, state));
  console.log(`${name}: step ${state.next} of 3 is done: ${steps[state.next]}.`);
  console.log(`Restart every instance of ${restarts[name]} now (with npm start: all of it).`);
  if (state.next === 1) console.log(`Then, when all have restarted, step 2: npm run keys -- rotate ${name}`);
  if (state.next === 2) console.log(`Then step 3, the old key out: ${whenOldGoes[name]}.`);
}

async function refuseWhileNeeded(source: KeySource, name: RingName, state: RingState, force: boolean): Promise<void> {
  if (!isNamedByRows(name) || state.oldest === undefined) return;
  const id = idOf(state.oldest);
  const rows = await countRows(source, name, id);
  if (rows === 0) return;
  if (rows !== undefined && force && name === 'AUDIT_SIGNING_KEYS') return;
  if (rows !== undefined) {
    const need = rows === 1 ? '1 row needs' : `${rows} rows need`;
    throw new StartError(`${name}: ${need} ${id}, so it stays: ${whatMoves[name]}.`);
  }
  if (!force) {
    throw new StartError(
      `${name}: the rows that need ${id} can't be counted: set DATABASE_URL, start what npm start runs, or --force.`,
    );
  }
  console.error(`Warning: ${id} is taken out uncounted; what it made is lost for good if rows still need it.`);
}

async function countRows(source: KeySource, name: RingName, id: string): Promise<number | undefined> {
  try {
    return await countKeyRows(await findKeyDatabase(process.env, source), name, id);
  } catch {
    return undefined;
  }
}

function readName(text: string | undefined): RingName {
  const name = ringNames.find((known) => known === text);
  if (!name) throw new StartError(`The ring is one of ${ringNames.join(', ')}.`);
  return name;
}

function readOptions() {
  try {
    const options = { env: { type: 'string' }, force: { type: 'boolean' }, help: { type: 'boolean' } } as const;
    return parseArgs({ options, allowPositionals: true });
  } catch {
    throw new StartError('The options are --env FILE, --force and --help.');
  }
}
