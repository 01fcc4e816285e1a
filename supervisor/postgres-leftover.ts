// A supervisor that was killed may leave its PostgreSQL running. Whoever owns the data folder now stops that one first.
// `postmaster.pid` names it; a pid may belong to somebody else by now, so the process is asked what it is, and a file
// that names a stranger (or a zombie nobody reaps) goes, since PostgreSQL would take it for a running server.
import { execFileSync } from 'node:child_process';
import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

const patienceMs = 10_000;

export async function stopLeftover(folder: string): Promise<void> {
  const file = join(folder, 'postmaster.pid');
  const pid = Number(/^\d+/.exec(await readFile(file, 'utf8').catch(() => ''))?.[0] ?? 0);
  for (const signal of ['SIGINT', 'SIGQUIT', 'SIGKILL'] as const) {
    if (pid === 0 || !(await isPostgresOf(folder, pid))) break;
    process.kill(pid, signal);
    const deadline = Date.now() + patienceMs;
    while ((await isPostgresOf(folder, pid)) && Date.now() < deadline) await sleep(20);
  }
  if (pid !== 0 && isAlive(pid)) await rm(file, { force: true });
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code !== 'ESRCH';
  }
}

/** False for a zombie as well: it has no command line. */
async function isPostgresOf(folder: string, pid: number): Promise<boolean> {
  const command = (await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => askPs(pid))).replaceAll('\0', ' ');
  return command.includes('postgres') && command.includes(`-D ${folder} `);
}

function askPs(pid: number): string {
  try {
    return execFileSync('ps', ['-o', 'args=', '-ww', '-p', String(pid)], { encoding: 'utf8' });
  } catch {
    return '';
  }
}
