// The embedded database as a part: when it dies it is started again with back-off, on the port that the parts know.
import { setTimeout as sleep } from 'node:timers/promises';
import { nextDelayMs } from './back-off.ts';
import { type EmbeddedPostgres, type EmbeddedPostgresOptions, startEmbeddedPostgres } from './embedded-postgres.ts';

export type KeptPostgres = Pick<EmbeddedPostgres, 'url' | 'close' | 'kill'>;

export async function keepPostgres(
  options: EmbeddedPostgresOptions & { log: (line: string) => void },
): Promise<KeptPostgres> {
  const stopping = new AbortController();
  const report = (line: string) => {
    if (!stopping.signal.aborted) options.log(`postgres: ${line}`);
  };
  const asked = { ...options, log: report };
  let server = await startEmbeddedPostgres(asked);
  const { url, port } = server;
  let lastDelayMs: number | undefined;
  let restarting: Promise<void> = Promise.resolve();
  watch();

  function watch(): void {
    const started = Date.now();
    server.died.then((how) => {
      restarting = restart(how, Date.now() - started);
    });
  }

  async function restart(how: string, uptimeMs: number): Promise<void> {
    let reason = how;
    for (let delayMs = nextDelayMs(lastDelayMs, uptimeMs); ; delayMs = nextDelayMs(delayMs, 0)) {
      lastDelayMs = delayMs;
      options.log(`postgres ended (${reason}); it is started again in ${delayMs / 1000} s`);
      await sleep(delayMs, undefined, { signal: stopping.signal }).catch(() => {});
      if (stopping.signal.aborted) return;
      try {
        server = await startEmbeddedPostgres({ ...asked, port });
        return watch();
      } catch (error) {
        reason = error instanceof Error ? error.message : String(error);
      }
    }
  }

  return {
    url,
    async close() {
      stopping.abort();
      await restarting;
      await server.close();
    },
    kill() {
      stopping.abort();
      server.kill();
    },
  };
}
