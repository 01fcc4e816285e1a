// A process beside the benchmark: the load generator, or the raw hashes. It is asked over IPC one thing at a time, and
// answers once; between, it marks the moments at which its measuring window opens and closes, so that CPU times are
// read there. It has a session of its own, out of reach of a terminal's Ctrl-C, and ends when the benchmark does.
import { fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';

export type Mark = 'window-opened' | 'window-closed';

type Message<Answer> = { mark: Mark } | { answer: Answer } | { fault: string };

export interface HelperProcess<Requests> {
  pid: number;
  ask<Name extends keyof Requests>(
    name: Name,
    input: InputOf<Requests[Name]>,
    onMark?: (mark: Mark) => void,
  ): Promise<AnswerOf<Requests[Name]>>;
  close(): Promise<void>;
}

/** What a helper can be asked, by name. */
// biome-ignore lint/suspicious/noExplicitAny: any input and any answer
export type Handlers = Record<string, (input: any, mark: (mark: Mark) => void) => Promise<any>>;
type InputOf<Handler> = Handler extends (input: infer Input, ...rest: never[]) => unknown ? Input : never;
type AnswerOf<Handler> = Handler extends (...args: never[]) => Promise<infer Answer> ? Answer : never;

export function startHelper<Requests extends Handlers>(
  script: URL,
  options: { signal: AbortSignal; env?: NodeJS.ProcessEnv },
): HelperProcess<Requests> {
  const child = fork(fileURLToPath(script), {
    detached: true,
    env: { PATH: process.env.PATH, ...options.env },
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  });
  const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()));

  return {
    pid: child.pid ?? 0,
    ask(name, input, onMark) {
      type Answer = AnswerOf<Requests[typeof name]>;
      const { promise, resolve, reject } = Promise.withResolvers<Answer>();
      const hear = (message: unknown) => {
        const heard = message as Message<Answer>;
        if ('mark' in heard) onMark?.(heard.mark);
        else if ('fault' in heard) reject(new Error(heard.fault));
        else resolve(heard.answer);
      };
      const stop = () => reject(options.signal.reason);
      const die = () => reject(new Error(`a helper of the benchmark ended (${String(name)})`));
      child.on('message', hear).once('exit', die);
      options.signal.addEventListener('abort', stop);
      child.send({ name, input });
      return promise.finally(() => {
        child.off('message', hear).off('exit', die);
        options.signal.removeEventListener('abort', stop);
      });
    },
    async close() {
      if (child.connected) child.disconnect();
      await ended;
    },
  };
}

/** The helper's side. */
export function serveHelper(handlers: Handlers): void {
  const send = (message: Message<unknown>) => process.send?.(message);
  process.on('message', async ({ name, input }: { name: string; input: unknown }) => {
    try {
      send({ answer: await handlers[name]?.(input, (mark) => send({ mark })) });
    } catch (error) {
      send({ fault: error instanceof Error ? (error.stack ?? error.message) : String(error) });
    }
  });
  process.on('disconnect', () => process.exit());
}
