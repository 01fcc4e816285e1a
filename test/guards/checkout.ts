// A copy of the checkout as it stands, uncommitted work included, in which guards are taken out. Its packages' own links
// are relative, so that the copy runs its own code.
import { execFileSync } from 'node:child_process';
import { cpSync, existsSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { Guard } from './guard.ts';

/** @param to a folder that isn't there yet */
export function copyCheckout(root: string, to: string): void {
  const git = ['-c', 'safe.directory=*', 'ls-files', '-z', '--cached', '--others', '--exclude-standard'];
  const files = execFileSync('git', git, { cwd: root, encoding: 'utf8', maxBuffer: 16 * 1024 * 1024 });
  for (const file of files.split('\0')) {
    if (file !== '' && existsSync(join(root, file))) cpSync(join(root, file), join(to, file));
  }
  linkFolder(root, to, 'node_modules');
  // What npm didn't hoist.
  for (const file of files.split('\0').filter((name) => name.endsWith('/package.json'))) {
    const own = join(dirname(file), 'node_modules');
    if (existsSync(join(root, own))) linkFolder(root, to, own);
  }
}

function linkFolder(root: string, to: string, folder: string): void {
  try {
    execFileSync('cp', ['-al', join(root, folder), join(to, folder)], { stdio: 'pipe' });
  } catch {
    // Another file system, or a cp that makes no links.
    execFileSync('rm', ['-rf', join(to, folder)]);
    execFileSync('cp', ['-a', join(root, folder), join(to, folder)]);
  }
}

/** Takes the guard out of the copy until the disposal. */
export function takeOut(copy: string, { file, find, replace }: Guard): Disposable {
  const path = join(copy, file);
  const text = readFileSync(path, 'utf8');
  writeFileSync(
    path,
    text.replace(find, () => replace),
  );
  return { [Symbol.dispose]: () => writeFileSync(path, text) };
}
