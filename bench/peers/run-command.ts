import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** Runs to its end, with `input` as all it can read. @throws Error with what it wrote last */
export async function runCommand(
  command: string,
  args: readonly string[],
  { input = '', ...options }: { cwd?: string; env?: NodeJS.ProcessEnv; input?: string; signal: AbortSignal },
): Promise<void> {
  try {
    const running = run(command, args, { timeout: 300_000, maxBuffer: 64 * 1024 * 1024, ...options });
    running.child.stdin?.end(input);
    await running;
  } catch (error) {
    options.signal.throwIfAborted();
    const { stderr = '', message } = error as Error & { stderr?: string };
    throw new Error(`${command} ${args[0]} failed: ${stderr.trim().split('\n').at(-1) || message.split('\n', 1)}`);
  }
}
