// A command of the operator as its npm script runs it, with exactly the environment it is given. Should the test die, it
// ends by itself: these commands are short, or end with whoever reads what they write.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';

type Ended = { code: number | null; output: string; log: string };

export type OperatorCommand = {
  ended: Promise<Ended>;
  /** stdout so far. */
  output(): string;
  /** stderr so far. */
  log(): string;
  signal(name: NodeJS.Signals): void;
  /** Reads stdout no more, as `head` does. */
  hangUp(): void;
  kill(): void;
};

const root = join(import.meta.dirname, '..', '..');

export function runCommand(script: string, args: string[], env: Record<string, string> = {}): OperatorCommand {
  const child = spawn(process.execPath, [script, ...args], {
    cwd: root,
    env: { PATH: process.env.PATH, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let [output, log] = ['', ''];
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    output += text;
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    log += text;
  });
  const ended = once(child, 'close').then(([code]) => ({ code, output, log }));
  return {
    ended,
    output: () => output,
    log: () => log,
    signal: (name) => void child.kill(name),
    hangUp: () => void child.stdout.destroy(),
    kill: () => void child.kill('SIGKILL'),
  };
}
