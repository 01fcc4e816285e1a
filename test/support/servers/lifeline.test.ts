import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { openLifeline } from './lifeline.ts';
import { waitForEnd } from './processes.ts';

const owner = `
  import { spawn } from 'node:child_process';
  import { openLifeline } from ${JSON.stringify(import.meta.resolve('./lifeline.ts'))};
  const lifeline = openLifeline(process.env.FOLDER);
  const child = spawn('sleep', ['60'], { detached: true, stdio: 'ignore' });
  lifeline.follow(child.pid);
  setInterval(() => {}, 1000);
  setTimeout(() => console.log(child.pid), 100);
`;

function createFolder(): string {
  return mkdtempSync(join(tmpdir(), 'sallyport-lifeline-'));
}

test('ends what it follows and removes the folder when its owner is killed', async () => {
  const folder = createFolder();
  const child = spawn(process.execPath, ['--input-type=module', '-e', owner], {
    env: { ...process.env, FOLDER: folder },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const [pid] = await once(child.stdout, 'data');
  child.kill('SIGKILL');
  assert.ok(await waitForEnd([Number(pid)], 10_000), 'the followed process ends');
  for (let tries = 0; existsSync(folder) && tries < 500; tries += 1) await sleep(20);
  assert.ok(!existsSync(folder), 'the folder is removed');
});

test('lets go of what it followed on close', async () => {
  const folder = createFolder();
  const lifeline = openLifeline(folder);
  const child = spawn('sleep', ['60'], { detached: true, stdio: 'ignore' });
  if (child.pid === undefined) throw new Error('sleep is not installed');
  lifeline.follow(child.pid);
  await lifeline.close();
  assert.ok(!existsSync(folder));
  assert.ok(!(await waitForEnd([child.pid], 100)), 'it still runs');
  child.kill('SIGKILL');
});
