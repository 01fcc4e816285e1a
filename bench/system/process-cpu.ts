/*
 * CPU times as Linux keeps them (proc(5)): utime and stime of a process, all its threads included, in ticks of 10 ms.
 * A server that forks counts with everything below it and with the children it has waited for, so that what a backend
 * spent isn't lost when the backend ends.
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { processTree } from '../../test/support/servers/processes.ts';

const tickMs = 10;

export const hasCpuTimes = existsSync('/proc/self/stat');

/** The fields of proc_pid_stat(5), numbered as there; the command, which may hold blanks, is field 2. */
export function readStat(text: string): (field: number) => number {
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
  return (field) => Number(fields[field - 3]);
}

function ownMs(path: string): { ms: number; ofChildrenMs: number; nice: number } {
  try {
    const field = readStat(readFileSync(path, 'utf8'));
    return {
      ms: (field(14) + field(15)) * tickMs,
      ofChildrenMs: (field(16) + field(17)) * tickMs,
      nice: field(19),
    };
  } catch {
    return { ms: 0, ofChildrenMs: 0, nice: 0 };
  }
}

export function processCpuMs(pid: number): number {
  return ownMs(`/proc/${pid}/stat`).ms;
}

/** The server, what it forked, and what those spent that have ended. */
export function treeCpuMs(pid: number): number {
  const tree = processTree(pid).reduce((sum, one) => sum + processCpuMs(one), 0);
  return tree + ownMs(`/proc/${pid}/stat`).ofChildrenMs;
}

/** What the threads of a process spent that run at a lower priority than it: those that hash, in users. */
export function lowPriorityCpuMs(pid: number): number {
  const folder = `/proc/${pid}/task`;
  const threads = readdirSync(folder).map((thread) => ownMs(`${folder}/${thread}/stat`));
  return threads.filter((thread) => thread.nice > 0).reduce((sum, thread) => sum + thread.ms, 0);
}

/** What all cores were busy with, whoever used them; time that a hypervisor took counts too. */
export function machineBusyMs(): number {
  const [, user = 0, nice = 0, system = 0, , , irq = 0, softirq = 0, steal = 0] = readFileSync('/proc/stat', 'utf8')
    .split('\n', 1)
    .join()
    .split(/\s+/)
    .map(Number);
  return (user + nice + system + irq + softirq + steal) * tickMs;
}
