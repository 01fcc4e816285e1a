import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import pg from 'pg';
import { findProgram, getServer } from './find-servers.ts';
import { findFreePort } from './free-port.ts';
import { startServer, type TestServer } from './server.ts';
import { createServerFolder, findUnprivilegedOwner } from './server-folder.ts';

export type PostgresOptions = {
  /** Survives a crash of the machine, not only of the server: slower. Off by default. */
  durable?: boolean;
  /** Further settings, as in postgresql.conf. */
  settings?: Readonly<Record<string, string>>;
  /** Makes it the standby of the server at this URL, under this name. */
  standby?: { of: string; name: string };
};

async function answers(url: string): Promise<boolean> {
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 2_000 });
  client.on('error', () => undefined);
  try {
    await client.connect();
    await client.query('select 1');
    return true;
  } catch {
    return false;
  } finally {
    await client.end().catch(() => undefined);
  }
}

/** A killed postmaster can't give back its System V segment; its last two numbers are the segment's key and id. */
function removeSharedMemory(data: string): void {
  try {
    const id = readFileSync(join(data, 'postmaster.pid'), 'utf8').split('\n')[6]?.trim().split(/\s+/)[1];
    const ipcrm = findProgram('ipcrm');
    if (id && ipcrm) execFileSync(ipcrm, ['-m', id], { stdio: 'ignore' });
  } catch {
    // A clean end has removed file and segment.
  }
}

type RunOptions = { cwd: string; uid?: number; gid?: number };

function run(command: string, args: readonly string[], options: RunOptions): void {
  execFileSync(command, args, { env: { PATH: process.env.PATH }, stdio: 'pipe', ...options });
}

/** Returns the password of the user postgres. */
function createCluster(initdb: string, data: string, options: RunOptions): string {
  const password = randomBytes(12).toString('hex');
  const passwordFile = join(options.cwd, 'password');
  writeFileSync(passwordFile, password);
  const access = ['-U', 'postgres', '-A', 'scram-sha-256', `--pwfile=${passwordFile}`];
  run(initdb, ['-D', data, ...access, '-E', 'UTF8', '--locale=C', '-N'], options);
  rmSync(passwordFile);
  return password;
}

/** A copy keeps the password of what it copies. */
function copyServer(backup: string, data: string, standby: { of: string; name: string }, options: RunOptions): string {
  const from = new URL(standby.of);
  from.searchParams.set('application_name', standby.name);
  run(backup, ['-D', data, '-d', from.href, '-R', '-X', 'stream', '-c', 'fast', '-N'], options);
  return from.password;
}

/** A private PostgreSQL on a free port; the URL's user may create databases. */
export async function startPostgres(options: PostgresOptions = {}): Promise<TestServer> {
  const bin = getServer('postgres');
  const owner = findUnprivilegedOwner();
  const folder = createServerFolder('postgres', owner);
  const data = join(folder, 'data');
  const port = await findFreePort();
  let password: string;
  try {
    password = options.standby
      ? copyServer(join(bin, 'pg_basebackup'), data, options.standby, { cwd: folder, ...owner })
      : createCluster(join(bin, 'initdb'), data, { cwd: folder, ...owner });
  } catch (error) {
    rmSync(folder, { recursive: true, force: true });
    throw error;
  }
  const url = `postgres://postgres:${password}@127.0.0.1:${port}/postgres`;
  const durability = options.durable ? {} : { fsync: 'off', synchronous_commit: 'off', full_page_writes: 'off' };
  const settings = {
    listen_addresses: '127.0.0.1',
    port: String(port),
    unix_socket_directories: '',
    max_connections: '300',
    // In its folder, which goes with it; in /dev/shm a killed server leaves it for good.
    dynamic_shared_memory_type: 'mmap',
    ...durability,
    ...options.settings,
  };
  return await startServer({
    name: 'postgres',
    url,
    folder,
    command: join(bin, 'postgres'),
    args: ['-D', data, ...Object.entries(settings).flatMap(([key, value]) => ['-c', `${key}=${value}`])],
    env: { LC_ALL: 'C' },
    owner,
    stopSignal: 'SIGINT',
    closeSignal: 'SIGQUIT',
    startTimeoutMs: 30_000,
    isReady: () => answers(url),
    cleanUp: () => removeSharedMemory(data),
  });
}
