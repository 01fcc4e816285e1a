// One part as a child process, in a process group of its own: a terminal's Ctrl-C reaches the supervisor alone, which
// stops the parts in order. Its stdin is a pipe whose end tells it that the supervisor is gone, however that died.
// A part that ends before it was ever ready ends the start; one that ends later is started again, with back-off,
// on the same port.
import { type ChildProcess, spawn } from 'node:child_process';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { nextDelayMs } from './back-off.ts';
import type { PartName } from './part-environment.ts';
import { PartOutput, type ReadyLine } from './part-output.ts';
import { repositoryFolder } from './repository-folder.ts';

const graceMs = 10_000;

/**
 * A young generation of 2 MB instead of 16: a fifth less memory. At a hundred logins a second the gateway takes about a
 * fifth more CPU for it: less than a millisecond a login, of some thirty at cost 10. And a part collects its garbage once
 * before it is ready: 5 to 10 MB.
 */
const nodeOptions = ['--max-semi-space-size=2', '--expose-gc'];

/** For glibc: each thread's own arena keeps what the compiling of WebAssembly has left, 3 MB of users in all. */
const allocator = { MALLOC_ARENA_MAX: '1', MALLOC_TRIM_THRESHOLD_: '65536' };

export interface Part {
  /** Settles with the first start. @throws StartError with the part's own last sentence */
  ready: Promise<ReadyLine>;
  /** SIGTERM, then SIGKILL after 10 s. */
  stop(): Promise<void>;
  kill(): void;
}

export interface PartVoices {
  /** What the supervisor sees of the part. */
  log: (message: string) => void;
  /** A line that the part logged, as it is. */
  forward: (line: string) => void;
}

export function startPart(name: PartName, script: string, env: NodeJS.ProcessEnv, voices: PartVoices): Part {
  const stopping = new AbortController();
  let child: ChildProcess;

  /** One run of the process, from its start to its end. */
  function run(output: PartOutput): Promise<string> {
    child = spawn(process.execPath, [...nodeOptions, join(repositoryFolder, script)], {
      argv0: `sallyport-${name}`,
      cwd: repositoryFolder,
      env: { ...allocator, ...env },
      stdio: ['pipe', 'pipe', 'pipe'],
      detached: true,
    });
    return output.follow(child);
  }

  async function keepRunning(output: PartOutput): Promise<void> {
    let delayMs: number | undefined;
    for (;;) {
      const started = Date.now();
      const end = await run(output);
      if (stopping.signal.aborted || !output.wasReady) return;
      delayMs = nextDelayMs(delayMs, Date.now() - started);
      voices.log(`${name} ended (${end}); it is started again in ${delayMs / 1000} s`);
      await sleep(delayMs, undefined, { signal: stopping.signal }).catch(() => {});
      if (stopping.signal.aborted) return;
    }
  }

  const output = new PartOutput(name, voices.forward);
  const ended = keepRunning(output);
  return {
    ready: output.ready,
    async stop() {
      stopping.abort();
      child.kill('SIGTERM');
      const overdue = setTimeout(() => child.kill('SIGKILL'), graceMs);
      await ended;
      clearTimeout(overdue);
    },
    kill() {
      stopping.abort();
      child.kill('SIGKILL');
    },
  };
}
