// A private server for tests: it can be stopped, killed, suspended and started again at the same address with the same
// data, and close() leaves no process and no folder. So does the end of the process that started it (lifeline.ts).
// - stop() is what an operator does: the server's own clean shutdown. kill() is a power cut: SIGKILL to all of it.
// - suspend() is a hang: connections stay open and nothing answers, new ones are taken by the kernel alone.
// - close() works in every state.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { openSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { openLifeline } from './lifeline.ts';
import { processTree, signalAll, waitForEnd } from './processes.ts';
import type { Owner } from './server-folder.ts';

export type TestServer = AsyncDisposable & {
  readonly url: string;
  /** Where data and the log are; gone after close(). */
  readonly folder: string;
  /** Every process of it that runs, its first one first; empty while it is stopped. */
  pids(): number[];
  stop(): Promise<void>;
  start(): Promise<void>;
  kill(): Promise<void>;
  suspend(): void;
  resume(): void;
  close(): Promise<void>;
};

export type ServerRecipe = {
  name: string;
  url: string;
  folder: string;
  command: string;
  args: readonly string[];
  env?: NodeJS.ProcessEnv;
  owner?: Owner | undefined;
  stopSignal: NodeJS.Signals;
  /** The fastest end that leaves nothing behind in the system. */
  closeSignal: NodeJS.Signals;
  startTimeoutMs: number;
  isReady(): Promise<boolean>;
  /** Another process the server needs, started and ended with this object rather than with the server. */
  companion?: ChildProcess;
  /** What is left to clean up when a killed server is never started again. */
  cleanUp?(): void;
};

/** Starts the server that a recipe describes and waits until it answers. */
export async function startServer(recipe: ServerRecipe): Promise<TestServer> {
  const { name, folder, companion } = recipe;
  const logFile = join(folder, `${name}.log`);
  const lifeline = openLifeline(folder);
  let child: ChildProcess | undefined;
  let ended: Promise<unknown> = Promise.resolve();

  function followLiving(): void {
    lifeline.follow(...[child?.pid, companion?.pid].filter((pid) => pid !== undefined));
  }

  function pids(): number[] {
    return child?.pid === undefined ? [] : processTree(child.pid);
  }

  async function start(): Promise<void> {
    if (child) throw new Error(`${name} runs already`);
    const log = openSync(logFile, 'a');
    const started = spawn(recipe.command, recipe.args, {
      cwd: folder,
      env: { PATH: process.env.PATH, ...recipe.env },
      stdio: ['ignore', log, log],
      detached: true,
      ...recipe.owner,
    });
    child = started;
    started.unref();
    ended = once(started, 'exit').then(() => {
      if (child === started) child = undefined;
    });
    ended.catch(() => undefined);
    await once(started, 'spawn');
    followLiving();
    const deadline = Date.now() + recipe.startTimeoutMs;
    while (!(await recipe.isReady())) {
      if (!child) throw new Error(`${name} ended while it started:\n${readFileSync(logFile, 'utf8').slice(-2000)}`);
      if (Date.now() > deadline)
        throw new Error(`${name} doesn't answer after ${recipe.startTimeoutMs} ms, see ${logFile}`);
      await sleep(30);
    }
  }

  async function end(signal: NodeJS.Signals, timeoutMs: number): Promise<void> {
    const stopping = child;
    if (stopping?.pid === undefined) return;
    const isKill = signal === 'SIGKILL';
    if (!isKill) resume();
    const all = pids();
    signalAll(isKill ? all : [stopping.pid], signal);
    if (!(await waitForEnd(all, timeoutMs))) {
      signalAll(all, 'SIGKILL');
      throw new Error(`${name} didn't end within ${timeoutMs} ms of ${signal}`);
    }
    stopping.ref();
    await ended;
    followLiving();
  }

  function suspend(): void {
    // A parent that is stopped has no more children, so a second look finds them all.
    signalAll(pids(), 'SIGSTOP');
    signalAll(pids(), 'SIGSTOP');
  }

  function resume(): void {
    signalAll(pids().reverse(), 'SIGCONT');
  }

  async function close(): Promise<void> {
    try {
      await end(recipe.closeSignal, 20_000);
      recipe.cleanUp?.();
      if (companion?.pid !== undefined) {
        signalAll([companion.pid], 'SIGKILL');
        await waitForEnd([companion.pid], 5_000);
      }
    } finally {
      await lifeline.close();
    }
  }

  followLiving();
  try {
    await start();
  } catch (error) {
    await close().catch(() => undefined);
    throw error;
  }
  return {
    url: recipe.url,
    folder,
    pids,
    start,
    stop: () => end(recipe.stopSignal, 60_000),
    kill: () => end('SIGKILL', 10_000),
    suspend,
    resume,
    close,
    [Symbol.asyncDispose]: close,
  };
}
