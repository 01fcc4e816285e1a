import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import type { PartName } from '../../supervisor/part-environment.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
const scripts = { users: 'services/users/main.ts', otp: 'services/otp/main.ts', gateway: 'gateway/main.ts' };
const patienceMs = 30_000;
const mostLogLines = 10;

export interface PartProcess {
  pid: number;
  url: string;
  /** How late its event loop was since the last time; the part must have been started with `watchLoop`. */
  readLoop(): Promise<LoopDelay>;
  close(): Promise<void>;
}

/** In milliseconds. */
export interface LoopDelay {
  p99: number;
  max: number;
}

/** What Node.js is told to watch the event loop. */
export const watchLoop = ['--import', new URL('./watch-loop.ts', import.meta.url).href];

/** One part as a process of its own, once it is ready; it ends when its stdin does, so never outlives us. */
export async function startPart(name: PartName, env: NodeJS.ProcessEnv, nodeArgs: string[]): Promise<PartProcess> {
  const child = spawn(process.execPath, [...nodeArgs, scripts[name]], {
    cwd: root,
    env,
    stdio: ['pipe', 'pipe', 'pipe'],
    detached: true,
  });
  const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  const close = async () => {
    child.kill('SIGTERM');
    const overdue = setTimeout(() => child.kill('SIGKILL'), 15_000);
    await ended;
    clearTimeout(overdue);
  };
  createInterface(child.stderr).on('line', passOn(name));
  const ready = Promise.withResolvers<string>();
  const late = setTimeout(() => ready.reject(new Error(`${name} isn't ready after ${patienceMs} ms`)), patienceMs);
  child.once('error', ready.reject);
  child.once('exit', () => ready.reject(new Error(`${name} could not start; its message is above`)));
  let heardLoop: ((delay: LoopDelay) => void) | undefined;
  const readLoop = () => {
    const { promise, resolve } = Promise.withResolvers<LoopDelay>();
    heardLoop = resolve;
    child.kill('SIGUSR2');
    return promise;
  };
  createInterface(child.stdout).on('line', (line) => {
    const [, p99, max] = /^loop was late (\S+) (\S+)$/.exec(line) ?? [];
    if (p99 !== undefined) heardLoop?.({ p99: Number(p99), max: Number(max) });
    const url = /^\S+ is ready (\S+) ops \S+$/.exec(line)?.[1];
    if (url !== undefined) ready.resolve(url);
  });
  try {
    return { pid: child.pid ?? 0, url: await ready.promise, readLoop, close };
  } catch (error) {
    await close();
    throw error;
  } finally {
    clearTimeout(late);
  }
}

/** Passes the first lines of a part's log on: under overload there is one for every refusal. */
function passOn(name: PartName): (line: string) => void {
  let lines = 0;
  return (line) => {
    lines += 1;
    if (lines <= mostLogLines) process.stderr.write(`${line}\n`);
    if (lines === mostLogLines) process.stderr.write(`${name} logs more than is shown\n`);
  };
}
