import { existsSync, readdirSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { findUnprivilegedOwner } from './server-folder.ts';

export type Found = { path: string; missing?: never } | { path?: never; missing: string };
export type ServerName = 'postgres' | 'redis' | 'rabbitmq' | 'pgbouncer';

const systemFolders = ['/usr/local/bin', '/usr/bin', '/bin', '/usr/local/sbin', '/usr/sbin', '/sbin'];

/** The first of these programs that is installed, with its whole path. */
export function findProgram(...names: string[]): string | undefined {
  const folders = [...(process.env.PATH ?? '').split(delimiter), ...systemFolders];
  return names.flatMap((name) => folders.map((folder) => join(folder, name))).find((path) => existsSync(path));
}

/** The folder with `postgres` and `initdb`, of the newest version. */
function findPostgres(): Found {
  if (process.getuid?.() === 0 && !findUnprivilegedOwner()) {
    return { missing: 'PostgreSQL refuses root, and there is neither a user postgres nor nobody' };
  }
  const debian = '/usr/lib/postgresql';
  const versions = existsSync(debian) ? readdirSync(debian).map(Number) : [];
  const newestFirst = versions.filter((version) => version >= 14).sort((a, b) => b - a);
  const folders = newestFirst.map((version) => join(debian, String(version), 'bin'));
  const onPath = findProgram('initdb');
  if (onPath) folders.push(join(onPath, '..'));
  const path = folders.find((folder) => ['postgres', 'initdb'].every((name) => existsSync(join(folder, name))));
  return path ? { path } : { missing: 'no PostgreSQL >= 14 in /usr/lib/postgresql or on the PATH' };
}

function findRedis(): Found {
  const path = findProgram('redis-server', 'valkey-server');
  return path ? { path } : { missing: 'neither redis-server nor valkey-server is installed' };
}

/** RabbitMQ's own start script; Debian's wrapper in /usr/sbin would change the user and ignore our folders. */
function findRabbitmq(): Found {
  const places = ['/usr/lib/rabbitmq/bin', '/opt/rabbitmq/sbin', '/usr/local/opt/rabbitmq/sbin'];
  const path = places.map((folder) => join(folder, 'rabbitmq-server')).find((file) => existsSync(file));
  if (!path) return { missing: 'rabbitmq-server is not installed' };
  return findEpmd() ? { path } : { missing: "rabbitmq-server is installed, but Erlang's epmd isn't" };
}

/** Erlang's port mapper, of which every broker here has its own. */
export function findEpmd(): string | undefined {
  const path = '/usr/lib/erlang/bin/epmd';
  return findProgram('epmd') ?? (existsSync(path) ? path : undefined);
}

function findPgbouncer(): Found {
  const path = findProgram('pgbouncer');
  return path ? { path } : { missing: 'pgbouncer is not installed' };
}

/** Which servers are installed here, and why the others can't be used. Postgres's path is a folder. */
export function findServers(): Record<ServerName, Found> {
  return { postgres: findPostgres(), redis: findRedis(), rabbitmq: findRabbitmq(), pgbouncer: findPgbouncer() };
}

export function getServer(name: ServerName): string {
  const found = findServers()[name];
  if (found.missing !== undefined) throw new Error(found.missing);
  return found.path;
}
