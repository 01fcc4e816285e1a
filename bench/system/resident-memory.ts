import { readFileSync } from 'node:fs';

/** What a process holds in memory, in megabytes of 10^6 bytes: VmRSS of proc_pid_status(5). */
export function residentMb(pid: number): number {
  const [, kilobytes] = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8')) ?? [];
  return (Number(kilobytes) * 1_024) / 1e6;
}
