import { connect } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { Redis } from 'ioredis';
import type { Certificate } from './certificates.ts';
import { getServer } from './find-servers.ts';
import { findFreePort } from './free-port.ts';
import { startServer, type TestServer } from './server.ts';
import { createServerFolder } from './server-folder.ts';

export type RedisOptions = {
  /** Every write is on the disk before it is answered, so that a kill and a start lose nothing. Off by default. */
  durable?: boolean;
  password?: string;
  /** TLS alone, with this certificate; replicas and the bus of a cluster speak it as well. */
  tls?: Certificate & { ca: string };
  /** Further settings, as on the command line: `['--maxmemory', '10mb']`. */
  args?: readonly string[];
};

export function answers(port: number, { password, tls }: Pick<RedisOptions, 'password' | 'tls'>): Promise<boolean> {
  return new Promise((resolve) => {
    const at = { port, host: '127.0.0.1' };
    const socket = tls ? connectTls({ ...at, rejectUnauthorized: false }) : connect(at);
    const settle = (answer: boolean) => {
      socket.destroy();
      resolve(answer);
    };
    let heard = '';
    socket.setTimeout(2_000, () => settle(false));
    socket.on('error', () => settle(false));
    socket.on('close', () => settle(false));
    // Until its data is loaded it answers with an error of its own.
    socket.on('data', (chunk) => {
      heard += chunk.toString();
      if (heard.includes('+PONG\r\n')) settle(true);
      else if (heard.includes('-')) settle(false);
    });
    socket.write(`${password === undefined ? '' : `AUTH ${password}\r\n`}PING\r\n`);
  });
}

/** A client of a test's own, which takes any certificate. */
export function openAdmin(url: string): Redis {
  const admin = new Redis(url, url.startsWith('rediss:') ? { tls: { rejectUnauthorized: false } } : {});
  admin.on('error', () => undefined);
  return admin;
}

/** How a server is told to listen: on this port, with TLS where it has a certificate. */
export function listenOn(port: number, tls: RedisOptions['tls']): [string, string][] {
  if (!tls) return [['port', String(port)]];
  return [
    ['port', '0'],
    ['tls-port', String(port)],
    ['tls-cert-file', tls.cert],
    ['tls-key-file', tls.key],
    ['tls-ca-cert-file', tls.ca],
    ['tls-auth-clients', 'no'],
    ['tls-replication', 'yes'],
  ];
}

/** A private Redis (or Valkey) on a free port. */
export async function startRedis(options: RedisOptions = {}): Promise<TestServer> {
  const { password, tls, durable = false, args = [] } = options;
  const command = getServer('redis');
  const folder = createServerFolder('redis');
  const port = await findFreePort();
  const network = ['--bind', '127.0.0.1', ...listenOn(port, tls).flatMap(([name, value]) => [`--${name}`, value])];
  const disk = ['--dir', folder, '--save', '', '--appendonly', durable ? 'yes' : 'no', '--appendfsync', 'always'];
  const auth = password === undefined ? [] : ['--requirepass', password, '--masterauth', password];
  const login = password === undefined ? '' : `:${encodeURIComponent(password)}@`;
  return await startServer({
    name: 'redis',
    url: `${tls ? 'rediss' : 'redis'}://${login}127.0.0.1:${port}`,
    folder,
    command,
    args: [...network, ...disk, ...auth, ...args],
    stopSignal: 'SIGTERM',
    closeSignal: 'SIGKILL',
    startTimeoutMs: 20_000,
    isReady: () => answers(port, { ...(password === undefined ? {} : { password }), ...(tls ? { tls } : {}) }),
  });
}
