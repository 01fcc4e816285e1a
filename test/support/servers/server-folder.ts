import { execFileSync } from 'node:child_process';
import { chownSync, mkdtempSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

export type Owner = { uid: number; gid: number };

/** Who a server that refuses root runs as; undefined where we aren't root, or nobody fits. */
export function findUnprivilegedOwner(): Owner | undefined {
  if (process.getuid?.() !== 0) return undefined;
  for (const name of ['postgres', 'nobody']) {
    try {
      const [uid, gid] = ['-u', '-g'].map((flag) => Number(execFileSync('id', [flag, name], { stdio: 'pipe' })));
      if (uid !== undefined && gid !== undefined) return { uid, gid };
    } catch {
      // No such user: the next one.
    }
  }
  return undefined;
}

function isTraversable(folder: string): boolean {
  const open = (statSync(folder).mode & 0o001) !== 0;
  return open && (dirname(folder) === folder || isTraversable(dirname(folder)));
}

/** A new temporary folder that belongs to `owner`, where that owner can reach it. */
export function createServerFolder(name: string, owner?: Owner): string {
  const base = owner && !isTraversable(tmpdir()) ? '/tmp' : tmpdir();
  const folder = mkdtempSync(join(base, `sallyport-${name}-`));
  if (owner) chownSync(folder, owner.uid, owner.gid);
  return folder;
}
