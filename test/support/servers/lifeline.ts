// A lifeline ends what a test started when the test can't do it any more: killed by the runner's time limit, by a
// second Ctrl-C, by SIGKILL. It is a shell that reads process groups from a pipe, one line at a time, the last line
// counting. The pipe ends when its owner does, however that came about; then the groups still named are ended and the
// folder is removed. It has a process group of its own, so no signal to the owner's group reaches it.
import { spawn } from 'node:child_process';
import { once } from 'node:events';

const script = `
trap '' INT TERM HUP QUIT
groups=
while read -r line; do groups=$line; done
signal_all() { for group in $groups; do kill -s "$1" -- "-$group" 2>/dev/null || true; done; }
if [ -n "$groups" ]; then signal_all CONT; signal_all QUIT; sleep 1; signal_all KILL; sleep 0.2; fi
rm -rf -- "$1"
`;

export type Lifeline = {
  /** The process groups (by leader) to end with the owner; replaces what was named before. */
  follow(...groups: number[]): void;
  /** Lets go of all groups and removes the folder. */
  close(): Promise<void>;
};

/** Ties `folder`, and the process groups named later, to the life of this process. */
export function openLifeline(folder: string): Lifeline {
  const shell = spawn('/bin/sh', ['-c', script, 'lifeline', folder], {
    cwd: '/',
    env: { PATH: '/usr/bin:/bin' },
    stdio: ['pipe', 'ignore', 'ignore'],
    detached: true,
  });
  shell.unref();
  (shell.stdin as unknown as { unref(): void }).unref();
  const ended = once(shell, 'exit');
  return {
    follow(...groups) {
      shell.stdin.write(`${groups.join(' ')}\n`);
    },
    async close() {
      shell.ref();
      shell.stdin.end('\n');
      await ended;
    },
  };
}
