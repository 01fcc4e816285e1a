// Containers without an engine: a service's command as a child process, in the image's folder and with the service's
// environment, and nothing else but PATH and HOME. What is left of them ends with the test.
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { openLifeline } from '../servers/lifeline.ts';

export interface Container {
  /** Where it serves, and where its health and metrics are, by its ready line. */
  url: string;
  opsUrl: string;
  /** Sends SIGTERM and resolves to the exit code. */
  stop(): Promise<number | null>;
}

export interface Containers extends AsyncDisposable {
  /** An empty folder for the image. */
  folder: string;
  /** Resolves to the exit code and all output. */
  run(command: string[], environment: Record<string, string>): Promise<{ code: number | null; output: string }>;
  /** Resolves once the ready line is there. */
  start(command: string[], environment: Record<string, string>): Promise<Container>;
}

const readyMs = 60_000;

export function openContainers(): Containers {
  const above = mkdtempSync(join(tmpdir(), 'sallyport-compose-'));
  const folder = join(above, 'app');
  mkdirSync(folder);
  const lifeline = openLifeline(above);
  const running = new Set<ChildProcess>();

  function launch([command = '', ...args]: string[], environment: Record<string, string>) {
    const child = spawn(command, args, {
      cwd: folder,
      env: { PATH: `${dirname(process.execPath)}:/usr/bin:/bin`, HOME: above, ...environment },
      stdio: ['ignore', 'pipe', 'pipe'],
      detached: true,
    });
    const launched = { child, output: '' };
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => (launched.output += chunk));
    running.add(child);
    const ended = Promise.withResolvers<number | null>();
    child.on('error', ended.reject);
    child.on('close', (code) => {
      running.delete(child);
      ended.resolve(code);
    });
    lifeline.follow(...[...running].map(({ pid }) => pid).filter((pid) => pid !== undefined));
    return Object.assign(launched, { ended: ended.promise });
  }

  return {
    folder,
    async run(command, environment) {
      const launched = launch(command, environment);
      return { code: await launched.ended, output: launched.output };
    },
    async start(command, environment) {
      const launched = launch(command, environment);
      const deadline = Date.now() + readyMs;
      for (;;) {
        const [, url, opsUrl] = /^\w+ is ready (\S+) ops (\S+)$/m.exec(launched.output) ?? [];
        if (url !== undefined && opsUrl !== undefined) {
          const stop = () => {
            launched.child.kill('SIGTERM');
            return launched.ended;
          };
          return { url, opsUrl, stop };
        }
        if (!running.has(launched.child) || Date.now() > deadline) {
          throw new Error(`${command.join(' ')} isn't ready:\n${launched.output}`);
        }
        await sleep(20);
      }
    },
    async [Symbol.asyncDispose]() {
      for (const child of running) child.kill('SIGKILL');
      await lifeline.close();
    },
  };
}
