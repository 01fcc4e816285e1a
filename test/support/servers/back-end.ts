// The two systems the suite runs on, by the same tests:
// - embedded: what `npm start` uses without variables, PostgreSQL from npm, stores inside the process, no broker.
// - real: the servers that the environment names, else private ones of what is installed. Each kind alone is worth a
//   run: without PostgreSQL the one from npm stands in, without the others their tests skip themselves and say so.
import { randomBytes } from 'node:crypto';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { startEmbeddedPostgres } from '../../../supervisor/embedded-postgres.ts';
import { findServers, type ServerName } from './find-servers.ts';
import { startPostgres } from './postgres.ts';
import { startRabbitmq } from './rabbitmq.ts';
import { startRedis } from './redis.ts';

export type BackEndName = 'embedded' | 'real';

export type BackEnd = {
  name: BackEndName;
  /** What the tests read: TEST_BACKEND, TEST_DATABASE_URL, TEST_REDIS_URL, TEST_AMQP_URL. */
  environment: Record<string, string>;
  /** A line for each server: where it comes from. */
  notes: string[];
  close(): Promise<void>;
};

type Closable = { url: string; close(): Promise<void> };
type Kind = { server: ServerName; given: string; test: string; start(): Promise<Closable> };

const kinds: Kind[] = [
  { server: 'postgres', given: 'DATABASE_URL', test: 'TEST_DATABASE_URL', start: startPostgres },
  { server: 'redis', given: 'REDIS_URL', test: 'TEST_REDIS_URL', start: startRedis },
  { server: 'rabbitmq', given: 'AMQP_URL', test: 'TEST_AMQP_URL', start: startRabbitmq },
];

/** Where each real server would come from; `missing` holds why there is none. */
export function findRealServers(): { server: ServerName; source?: 'environment' | 'installed'; missing?: string }[] {
  const installed = findServers();
  return kinds.map(({ server, given }) => {
    if (process.env[given]) return { server, source: 'environment' };
    const { missing } = installed[server];
    return missing === undefined ? { server, source: 'installed' } : { server, missing: `${missing}, and no ${given}` };
  });
}

async function startFromNpm(folder: string): Promise<Closable> {
  const data = join(folder, 'postgres');
  mkdirSync(data, { recursive: true });
  return await startEmbeddedPostgres({ folder: data, password: randomBytes(16).toString('hex'), durable: false });
}

async function closeAll(servers: readonly Closable[]): Promise<void> {
  const results = await Promise.allSettled(servers.map((server) => server.close()));
  const failed = results.find((result) => result.status === 'rejected');
  if (failed) throw failed.reason;
}

/** Starts all of them at once; when one fails, none is left running. */
async function startAll(starts: readonly (() => Promise<Closable>)[]): Promise<Closable[]> {
  const results = await Promise.allSettled(starts.map((start) => start()));
  const started = results.flatMap((result) => (result.status === 'fulfilled' ? result.value : []));
  const failed = results.find((result) => result.status === 'rejected');
  if (!failed) return started;
  await closeAll(started);
  throw failed.reason;
}

async function openEmbedded(folder: string): Promise<BackEnd> {
  const postgres = await startFromNpm(folder);
  return {
    name: 'embedded',
    environment: { TEST_BACKEND: 'embedded', TEST_DATABASE_URL: postgres.url },
    notes: ['postgres: from npm', 'redis: in-process stores', 'rabbitmq: none'],
    close: () => postgres.close(),
  };
}

async function openReal(folder: string): Promise<BackEnd> {
  const environment: Record<string, string> = { TEST_BACKEND: 'real' };
  const notes: string[] = [];
  const starts: (() => Promise<Closable>)[] = [];
  for (const { server, source, missing } of findRealServers()) {
    const kind = kinds.find((candidate) => candidate.server === server);
    if (!kind) continue;
    const startAs = (start: () => Promise<Closable>) => async () => {
      const started = await start();
      environment[kind.test] = started.url;
      return started;
    };
    if (source === 'environment') environment[kind.test] = process.env[kind.given] ?? '';
    else if (source === 'installed') starts.push(startAs(kind.start));
    else if (server === 'postgres') starts.push(startAs(() => startFromNpm(folder)));
    if (source === 'environment') notes.push(`${server}: from ${kind.given}`);
    else if (source === 'installed') notes.push(`${server}: started privately`);
    else notes.push(`${server}: ${missing}${server === 'postgres' ? '; the one from npm stands in' : ''}`);
  }
  const started = await startAll(starts);
  return { name: 'real', environment, notes, close: () => closeAll(started) };
}

/** Opens a back end; `folder` is its own until it is closed. */
export function openBackEnd(name: BackEndName, folder: string): Promise<BackEnd> {
  return name === 'embedded' ? openEmbedded(folder) : openReal(folder);
}
