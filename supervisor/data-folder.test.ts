import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { openDataFolder } from './data-folder.ts';

describe('the data folder', () => {
  let parent: string;
  let path: string;
  beforeEach(async () => {
    parent = await mkdtemp(join(tmpdir(), 'data-folder-'));
    path = join(parent, 'deep', 'data');
  });
  afterEach(() => rm(parent, { recursive: true }));

  it('is made for its owner alone', async () => {
    const folder = await openDataFolder(path);
    assert.equal((await stat(path)).mode & 0o777, 0o700);
    await folder.close();
  });

  it('has one owner at a time, also within a process', async () => {
    const folder = await openDataFolder(path);
    await assert.rejects(openDataFolder(path), new RegExp(`in use by another Sallyport \\(process ${process.pid}\\)`));
    await folder.close();
    const next = await openDataFolder(path);
    assert.equal(next.abandoned, false);
    await next.close();
  });

  it('is free again when its owner was killed, and says so', async () => {
    const owner = spawn(process.execPath, ['--input-type=module', '--eval', holdFolder, path], {
      cwd: import.meta.dirname,
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    await once(owner.stdout, 'data');
    await assert.rejects(openDataFolder(path), new RegExp(`process ${owner.pid}`));
    owner.kill('SIGKILL');
    await once(owner, 'exit');
    const folder = await openDataFolder(path);
    assert.equal(folder.abandoned, true);
    await folder.close();
  });

  it('refuses a place that takes no folder in one sentence', async () => {
    await assert.rejects(openDataFolder('/dev/null/data'), /can't be written \(ENOTDIR\): set DATA_DIR/);
  });
});

const holdFolder = `
  const { openDataFolder } = await import('./data-folder.ts');
  globalThis.held = await openDataFolder(process.argv[1]);
  console.log('held');
  process.stdin.resume();
`;
