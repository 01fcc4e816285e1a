import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';

type ProcessRow = { pid: number; parent: number; zombie: boolean };

function readRow(pid: string): ProcessRow | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    // The command stands in parentheses and may hold blanks and parentheses of its own.
    const [state, parent] = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return { pid: Number(pid), parent: Number(parent), zombie: state === 'Z' };
  } catch {
    return undefined;
  }
}

function listProcesses(): ProcessRow[] {
  if (existsSync('/proc/self/stat')) {
    return readdirSync('/proc')
      .filter((name) => /^\d+$/.test(name))
      .flatMap((pid) => readRow(pid) ?? []);
  }
  const table = execFileSync('ps', ['-A', '-o', 'pid=,ppid=,state='], { encoding: 'utf8' });
  return table
    .trim()
    .split('\n')
    .map((line) => line.trim().split(/\s+/))
    .map(([pid, parent, state]) => ({
      pid: Number(pid),
      parent: Number(parent),
      zombie: state?.startsWith('Z') === true,
    }));
}

/** The live process `pid` and everything below it, parents before children. */
export function processTree(pid: number): number[] {
  const rows = listProcesses().filter((row) => !row.zombie);
  const tree = rows.filter((row) => row.pid === pid).map((row) => row.pid);
  for (const parent of tree) tree.push(...rows.filter((row) => row.parent === parent).map((row) => row.pid));
  return tree;
}

/** The processes whose environment holds `NAME=value`; none where the system doesn't tell (all but Linux). */
export function processesWith(variable: string): number[] {
  if (!existsSync('/proc/self/environ')) return [];
  return listProcesses()
    .filter((row) => !row.zombie && row.pid !== process.pid)
    .filter((row) => {
      try {
        return readFileSync(`/proc/${row.pid}/environ`, 'utf8').split('\0').includes(variable);
      } catch {
        return false;
      }
    })
    .map((row) => row.pid);
}

/** A process's command line, for messages. */
export function commandOf(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ').trim();
  } catch {
    return '';
  }
}

/** Sends a signal to each; one that has ended in the meantime is passed over. */
export function signalAll(pids: readonly number[], signal: NodeJS.Signals): void {
  for (const pid of pids) {
    try {
      process.kill(pid, signal);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
    }
  }
}

function isAlive(pid: number): boolean {
  if (existsSync('/proc/self/stat')) return readRow(String(pid))?.zombie === false;
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

/** Waits until none of them runs any more; false when some still do after `timeoutMs`. */
export async function waitForEnd(pids: readonly number[], timeoutMs: number): Promise<boolean> {
  const deadline = Date.now() + timeoutMs;
  while (pids.some(isAlive)) {
    if (Date.now() > deadline) return false;
    await sleep(20);
  }
  return true;
}
