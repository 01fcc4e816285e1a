// An npm script run as a person runs it: by the npm on the PATH, with nothing of the suite's environment, in a process
// group of its own, as a terminal gives it one. Should the test die, its lifeline ends the whole of it.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { findProgram } from './servers/find-servers.ts';
import { openLifeline } from './servers/lifeline.ts';
import { processTree, signalAll, waitForEnd } from './servers/processes.ts';

export type Ending = { code: number | null; signal: NodeJS.Signals | null };

export type NpmScript = AsyncDisposable & {
  /** stdout so far, with npm's own headings. */
  output(): string;
  /** stderr so far, without what npm itself says. */
  log(): string;
  /** npm and all below it, npm first. */
  pids(): number[];
  /** Waits until stdout has a line that matches. */
  printed(line: RegExp): Promise<RegExpMatchArray>;
  /** To npm alone. */
  signal(name: NodeJS.Signals): void;
  /** To its process group, as a terminal's Ctrl-C. */
  signalGroup(name: NodeJS.Signals): void;
  ended: Promise<Ending>;
};

/** `npm` with these arguments in `folder`, with `env` on top of a bare environment. */
export function runNpm(folder: string, args: string[], env: Record<string, string> = {}): NpmScript {
  const lifeline = openLifeline(mkdtempSync(join(tmpdir(), 'sallyport-npm-')));
  const child = spawn(findProgram('npm') ?? 'npm', args, {
    cwd: folder,
    env: { ...bareEnvironment(), ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: true,
  });
  const pid = child.pid ?? 0;
  lifeline.follow(pid);
  let output = '';
  let log = '';
  const heard = new EventTarget();
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    output += text;
    heard.dispatchEvent(new Event('output'));
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    log += text;
  });
  const readLog = () => log.replace(/^npm .*\n/gm, '');
  const ended: Promise<Ending> = once(child, 'close').then(([code, signal]) => ({ code, signal }));

  function printed(line: RegExp): Promise<RegExpMatchArray> {
    return new Promise((resolve, reject) => {
      const look = () => {
        const found = output
          .split('\n')
          .map((text) => text.match(line))
          .find((match) => match !== null);
        if (found) resolve(found);
      };
      heard.addEventListener('output', look);
      look();
      ended.then(({ code, signal }) => reject(new Error(`npm ${args.join(' ')} ended (${code ?? signal}):\n${log}`)));
    });
  }

  return {
    output: () => output,
    log: readLog,
    pids: () => processTree(pid),
    printed,
    signal: (name) => signalAll([pid], name),
    signalGroup: (name) => process.kill(-pid, name),
    ended,
    async [Symbol.asyncDispose]() {
      const left = processTree(pid);
      signalAll(left.slice(0, 1), 'SIGTERM');
      if (!(await waitForEnd(left, 15_000))) signalAll(left, 'SIGKILL');
      await ended;
      await lifeline.close();
    },
  };
}

function bareEnvironment(): NodeJS.ProcessEnv {
  const { PATH = '', HOME, TMPDIR, TEST_RUN } = process.env;
  // Without what npm put there, which would be the checkout's Node.
  const folders = PATH.split(delimiter).filter((folder) => !folder.includes('node_modules'));
  const kept = Object.entries({ HOME, TMPDIR, TEST_RUN }).filter(([, value]) => value !== undefined);
  return { ...Object.fromEntries(kept), PATH: folders.join(delimiter), npm_config_update_notifier: 'false' };
}
