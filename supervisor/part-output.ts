// What a part says. On stdout only its ready line counts. On stderr, JSON lines are its log and go on at once; other
// lines before it was ever ready are held back, since they explain why it could not start: one sentence, or a crash.
import type { ChildProcess } from 'node:child_process';
import type { PartName } from './part-environment.ts';
import { readLines } from './read-lines.ts';
import { StartError } from './start-error.ts';

export interface ReadyLine {
  url: string;
  opsUrl: string;
}

export class PartOutput {
  readonly ready: Promise<ReadyLine>;
  wasReady = false;
  readonly #settle: PromiseWithResolvers<ReadyLine> = Promise.withResolvers();
  readonly #name: PartName;
  readonly #forward: (line: string) => void;
  readonly #held: string[] = [];

  constructor(name: PartName, forward: (line: string) => void) {
    this.#name = name;
    this.#forward = forward;
    this.ready = this.#settle.promise;
    this.ready.catch(() => {});
  }

  /** Reads a run of the part to its end, and says how it ended. */
  follow(child: ChildProcess): Promise<string> {
    if (child.stdout) readLines(child.stdout, (line) => this.#readStdout(line));
    if (child.stderr) readLines(child.stderr, (line) => this.#readStderr(line));
    child.stdin?.on('error', () => {});
    return new Promise((resolve) => {
      const end = (how: string) => {
        if (!this.wasReady) this.#settle.reject(this.#explain(how));
        resolve(how);
      };
      child.once('error', (error) => end(error.message));
      child.once('close', (code, signal) => end(signal ?? `exit code ${code}`));
    });
  }

  #readStdout(line: string): void {
    const [, name, url, opsUrl] = /^(\S+) is ready (\S+) ops (\S+)$/.exec(line) ?? [];
    if (name !== this.#name || url === undefined || opsUrl === undefined) {
      this.#readStderr(line);
      return;
    }
    this.wasReady = true;
    for (const held of this.#held.splice(0)) this.#forward(held);
    this.#settle.resolve({ url, opsUrl });
  }

  #readStderr(line: string): void {
    if (this.wasReady || line.startsWith('{')) this.#forward(line);
    else if (line.trim() !== '') this.#held.push(line);
  }

  #explain(how: string): StartError {
    const last = this.#held.at(-1);
    if (last === undefined) return new StartError(`${this.#name} could not start (${how}); its log is above.`);
    if (!/^Node\.js v/.test(last)) return new StartError(this.#held.join('\n'));
    for (const held of this.#held) this.#forward(held);
    return new StartError(`${this.#name} could not start (${how}).`);
  }
}
