import { execFileSync } from 'node:child_process';
import { chmodSync, existsSync, rmSync, writeFileSync } from 'node:fs';
import { findProgram } from '../../test/support/servers/find-servers.ts';
import { NotMeasured } from '../scenario.ts';
import { runCommand } from './run-command.ts';

const policy = '/usr/sbin/policy-rc.d';

interface Options {
  install: boolean;
  signal: AbortSignal;
  tell: (message: string) => void;
  /** What the packages would ask, in the lines of debconf-set-selections(1). */
  answers?: readonly string[];
}

/** Packages of Debian that are there, or are installed where that is asked for. @throws NotMeasured */
export async function requireDebian(
  packages: readonly string[],
  { install, signal, tell, answers = [] }: Options,
): Promise<void> {
  const missing = packages.filter((name) => !isInstalled(name));
  if (missing.length === 0) return;
  const names = missing.join(', ');
  if (!install) throw new NotMeasured(`${names} of Debian not installed; --install-peers does, as root`);
  const apt = findProgram('apt-get');
  if (process.getuid?.() !== 0 || apt === undefined)
    throw new NotMeasured(`installing ${names} takes root and apt-get`);
  tell(`installing ${names}`);
  // What they bring would start itself, now and whenever the machine does.
  const isOurs = !existsSync(policy);
  if (isOurs) writeFileSync(policy, '#!/bin/sh\nexit 101\n');
  if (isOurs) chmodSync(policy, 0o755);
  try {
    const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
    const wait = ['-o', 'DPkg::Lock::Timeout=120'];
    const careful = ['-yq', '--no-install-recommends', '--no-remove'];
    if (answers.length > 0) await runCommand('debconf-set-selections', [], { input: answers.join('\n'), signal });
    await runCommand(apt, [...wait, 'install', ...careful, ...missing], { env, signal });
    for (const name of missing.filter(hasService)) await runCommand('update-rc.d', [name, 'disable'], { signal });
  } catch (error) {
    signal.throwIfAborted();
    throw new NotMeasured((error as Error).message);
  } finally {
    if (isOurs) rmSync(policy, { force: true });
  }
}

function hasService(name: string): boolean {
  return existsSync(`/etc/init.d/${name}`);
}

function isInstalled(name: string): boolean {
  const dpkg = findProgram('dpkg');
  if (dpkg === undefined) return false;
  try {
    const status = execFileSync(dpkg, ['-s', name], { stdio: 'pipe' }).toString();
    return /^Status: install ok installed$/m.test(status);
  } catch {
    return false;
  }
}
