import { findFreePort } from '../../test/support/servers/free-port.ts';
import { startServer } from '../../test/support/servers/server.ts';
import { createServerFolder } from '../../test/support/servers/server-folder.ts';
import type { RunningPeer } from './peer.ts';

interface PeerProcess {
  name: string;
  command: string;
  args: readonly string[];
  env: NodeJS.ProcessEnv;
}

/** Starts a peer on a free port of 127.0.0.1, and waits until it answers anything at all. */
export async function startPeer(create: (port: number, folder: string) => PeerProcess): Promise<RunningPeer> {
  const port = await findFreePort();
  const folder = createServerFolder('peer');
  const url = `http://127.0.0.1:${port}`;
  const isReady = () =>
    fetch(url, { signal: AbortSignal.timeout(2_000) }).then(
      () => true,
      () => false,
    );
  const server = await startServer({
    ...create(port, folder),
    url,
    folder,
    stopSignal: 'SIGTERM',
    closeSignal: 'SIGKILL',
    startTimeoutMs: 30_000,
    isReady,
  });
  return { url, pids: server.pids, [Symbol.asyncDispose]: server.close };
}
