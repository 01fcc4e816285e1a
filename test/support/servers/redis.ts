import { connect } from 'node:net';
import { getServer } from './find-servers.ts';
import { findFreePort } from './free-port.ts';
import { startServer, type TestServer } from './server.ts';
import { createServerFolder } from './server-folder.ts';

export type RedisOptions = {
  /** Every write is on the disk before it is answered, so that a kill and a start lose nothing. Off by default. */
  durable?: boolean;
  password?: string;
  /** Further settings, as on the command line: `['--maxmemory', '10mb']`. */
  args?: readonly string[];
};

function answers(port: number, password?: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
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

/** A private Redis (or Valkey) on a free port. */
export async function startRedis(options: RedisOptions = {}): Promise<TestServer> {
  const { password, durable = false, args = [] } = options;
  const command = getServer('redis');
  const folder = createServerFolder('redis');
  const port = await findFreePort();
  const network = ['--bind', '127.0.0.1', '--port', String(port)];
  const disk = ['--dir', folder, '--save', '', '--appendonly', durable ? 'yes' : 'no', '--appendfsync', 'always'];
  const auth = password === undefined ? [] : ['--requirepass', password];
  return await startServer({
    name: 'redis',
    url:
      password === undefined
        ? `redis://127.0.0.1:${port}`
        : `redis://:${encodeURIComponent(password)}@127.0.0.1:${port}`,
    folder,
    command,
    args: [...network, ...disk, ...auth, ...args],
    stopSignal: 'SIGTERM',
    closeSignal: 'SIGKILL',
    startTimeoutMs: 20_000,
    isReady: () => answers(port, password),
  });
}
