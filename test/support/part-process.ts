// One part of the product as a process of its own, run as `npm run users` and its siblings run it, with exactly the
// environment it is given. It can be killed, suspended and started again on the same ports. Should the test die, its
// lifeline ends the process.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { findFreePort } from './servers/free-port.ts';

export type PartName = 'users' | 'otp' | 'gateway';

export type Ending = { code: number | null; signal: NodeJS.Signals | null };

export type PartProcess = {
  readonly name: PartName;
  readonly url: string;
  readonly opsUrl: string;
  /** Its process group's leader while it runs. */
  pid(): number | undefined;
  /** All that it wrote to stderr so far, over all its runs. */
  log(): string;
  /** All that it wrote to stdout so far. */
  output(): string;
  /** Starts it on its ports and waits for its ready line. */
  start(): Promise<void>;
  signal(name: NodeJS.Signals): void;
  /** How the present or last run ended. */
  ended(): Promise<Ending>;
  /** SIGKILL, and gone. */
  kill(): Promise<void>;
  suspend(): void;
  resume(): void;
  /** Kills it if it runs, and starts it again. */
  restart(): Promise<void>;
  /** Changes its environment for the next start. */
  configure(env: Record<string, string>): void;
};

const root = join(import.meta.dirname, '..', '..');
const mains = { users: 'services/users/main.ts', otp: 'services/otp/main.ts', gateway: 'gateway/main.ts' };

/** Describes a part; nothing runs before `start`. `onChange` is told whenever a process was started or has ended. */
export async function createPartProcess(
  name: PartName,
  env: Record<string, string>,
  onChange: () => void,
): Promise<PartProcess> {
  const [port, opsPort] = [await findFreePort(), await findFreePort()];
  const own = { [`${name.toUpperCase()}_PORT`]: String(port), OPS_PORT: String(opsPort) };
  let settings = { ...env, ...own };
  let child: ChildProcess | undefined;
  let ending: Promise<Ending> = Promise.resolve({ code: null, signal: null });
  let log = '';
  let output = '';

  async function start(): Promise<void> {
    if (child) throw new Error(`${name} runs already`);
    const { PATH = '', TEST_RUN, NODE_COMPILE_CACHE } = process.env;
    const passedOn = Object.entries({ TEST_RUN, NODE_COMPILE_CACHE }).filter(([, value]) => value !== undefined);
    const started = spawn(process.execPath, [mains[name]], {
      cwd: root,
      env: { PATH, ...Object.fromEntries(passedOn), ...settings },
      stdio: ['ignore', 'pipe', 'pipe'],
      detached: true,
    });
    child = started;
    onChange();
    const before = output.length;
    const ready = Promise.withResolvers<void>();
    started.stderr.setEncoding('utf8').on('data', (text: string) => {
      log += text;
    });
    started.stdout.setEncoding('utf8').on('data', (text: string) => {
      output += text;
      if (output.slice(before).includes(`${name} is ready http`)) ready.resolve();
    });
    ending = once(started, 'close').then(([code, signal]) => {
      if (child === started) child = undefined;
      onChange();
      ready.reject(new Error(`${name} ended before it was ready (${code ?? signal}): ${log.slice(-2_000)}`));
      return { code, signal };
    });
    await ready.promise;
  }

  function signal(which: NodeJS.Signals): void {
    child?.kill(which);
  }

  async function kill(): Promise<void> {
    signal('SIGKILL');
    await ending;
  }

  return {
    name,
    url: `http://127.0.0.1:${port}`,
    opsUrl: `http://127.0.0.1:${opsPort}`,
    pid: () => child?.pid,
    log: () => log,
    output: () => output,
    start,
    signal,
    ended: () => ending,
    kill,
    suspend: () => signal('SIGSTOP'),
    resume: () => signal('SIGCONT'),
    async restart() {
      await kill();
      await start();
    },
    configure(more) {
      settings = { ...settings, ...more };
    },
  };
}
