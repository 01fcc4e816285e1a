import { accessSync, constants, readFileSync, statfsSync } from 'node:fs';

const folder = '/dev/shm';
/** A run takes a third of it at most; the processes need memory too. */
const roomBytes = 4 * 2 ** 30;

/**
 * A folder that lies in memory and has room for a run of the suite: hundreds of databases are made and dropped in one, and
 * a disk that can't keep up with them makes every writer wait for seconds, the servers under test among them. Undefined
 * where there is none, or where nothing in it may be executed.
 */
export function findMemoryFolder(): string | undefined {
  try {
    accessSync(folder, constants.W_OK);
    const { bavail, bsize } = statfsSync(folder);
    const [, , type, options = ''] =
      readFileSync('/proc/mounts', 'utf8')
        .split('\n')
        .map((line) => line.split(' '))
        .findLast(([, at]) => at === folder) ?? [];
    const fits = type === 'tmpfs' && !options.split(',').includes('noexec') && bavail * bsize >= roomBytes;
    return fits ? folder : undefined;
  } catch {
    return undefined;
  }
}
