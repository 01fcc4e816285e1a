import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import pg from 'pg';
import { getServer } from './find-servers.ts';
import { findFreePort } from './free-port.ts';
import { startServer, type TestServer } from './server.ts';
import { createServerFolder, findUnprivilegedOwner } from './server-folder.ts';

async function answers(url: string): Promise<boolean> {
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 2_000 });
  client.on('error', () => undefined);
  return client.connect().then(
    () => client.end().then(() => true),
    () => false,
  );
}

/**
 * A private PgBouncer in transaction mode before the database of a URL, which it offers under the same name and user.
 * Without further settings it refuses the parameters that we would give as we connect, as it comes from Debian.
 */
export async function startPgbouncer(
  databaseUrl: string,
  options: { poolSize?: number; settings?: Readonly<Record<string, string>> } = {},
): Promise<TestServer> {
  const owner = findUnprivilegedOwner();
  const folder = createServerFolder('pgbouncer', owner);
  const port = await findFreePort();
  const target = new URL(databaseUrl);
  const user = decodeURIComponent(target.username);
  const password = decodeURIComponent(target.password);
  const settings = {
    listen_addr: '127.0.0.1',
    listen_port: port,
    unix_socket_dir: '',
    auth_type: 'trust',
    auth_file: join(folder, 'users'),
    pool_mode: 'transaction',
    default_pool_size: options.poolSize ?? 5,
    max_client_conn: 500,
    ...options.settings,
  };
  const configuration = join(folder, 'pgbouncer.ini');
  writeFileSync(join(folder, 'users'), `"${user}" "${password}"\n`);
  writeFileSync(
    configuration,
    [
      '[databases]',
      `* = host=${target.hostname} port=${target.port || 5432}`,
      '[pgbouncer]',
      ...Object.entries(settings).map(([key, value]) => `${key} = ${value}`),
      '',
    ].join('\n'),
  );
  const url = Object.assign(new URL(databaseUrl), { host: `127.0.0.1:${port}` }).href;
  return await startServer({
    name: 'pgbouncer',
    url,
    folder,
    command: getServer('pgbouncer'),
    args: [configuration],
    owner,
    stopSignal: 'SIGINT',
    closeSignal: 'SIGKILL',
    startTimeoutMs: 30_000,
    isReady: () => answers(url),
  });
}
