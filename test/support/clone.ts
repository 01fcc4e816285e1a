// A clone of the checkout's last commit, as a newcomer has it, in a folder that only its owner may enter. What `npm install`
// would fetch is linked from the checkout file by file: the packages of the clone itself stay the clone's own code.
import { execFileSync } from 'node:child_process';
import { copyFileSync, existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { findProgram } from './servers/find-servers.ts';

const root = join(import.meta.dirname, '..', '..');

/** Why there can be no clone; for the `skip` option of a test. */
export const cloneMissing: string | false = !findProgram('git')
  ? 'git is not installed'
  : !existsSync(join(root, '.git'))
    ? 'this is no git checkout'
    : !findProgram('npm')
      ? 'npm is not on the PATH'
      : false;

export type Clone = Disposable & { folder: string };

export function createClone(): Clone {
  const parent = mkdtempSync(join(tmpdir(), 'sallyport-clone-'));
  const folder = join(parent, 'sallyport');
  const settings = join(parent, 'gitconfig');
  writeFileSync(settings, '[safe]\n\tdirectory = *\n');
  execFileSync('git', ['clone', '--quiet', root, folder], {
    env: { PATH: process.env.PATH, HOME: parent, GIT_CONFIG_GLOBAL: settings },
  });
  linkPackages(folder);
  return { folder, [Symbol.dispose]: () => rmSync(parent, { recursive: true, force: true }) };
}

function linkPackages(folder: string): void {
  const [from, to] = [join(root, 'node_modules'), join(folder, 'node_modules')];
  try {
    execFileSync('cp', ['-al', from, to], { stdio: 'pipe' });
  } catch {
    // Another file system, or a cp that makes no links.
    rmSync(to, { recursive: true, force: true });
    execFileSync('cp', ['-a', from, to]);
  }
  // The one file that npm rewrites in place.
  const note = '.package-lock.json';
  rmSync(join(to, note));
  copyFileSync(join(from, note), join(to, note));
}
