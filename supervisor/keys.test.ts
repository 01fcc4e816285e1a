import assert from 'node:assert/strict';
import { createPrivateKey } from 'node:crypto';
import { chmod, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { keyNames } from './generate-keys.ts';
import { openKeys } from './keys.ts';

describe('the keys file', () => {
  let folder: string;
  let path: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'keys-'));
    path = join(folder, 'keys.json');
  });
  afterEach(() => rm(folder, { recursive: true }));

  it('is made once, for its owner alone, and then kept', async () => {
    const made = await openKeys(folder);
    assert.equal((await stat(path)).mode & 0o777, 0o600);
    assert.deepEqual(await readdir(folder), ['keys.json']);
    assert.deepEqual(await openKeys(folder), made);
    assert.deepEqual(JSON.parse(await readFile(path, 'utf8')), made);
  });

  it('holds every key, in the form that the parts read', async () => {
    const keys = await openKeys(folder);
    assert.deepEqual(Object.keys(keys).sort(), [...keyNames].sort());
    assert.equal(Buffer.from(keys.USERS_SERVICE_SECRETS, 'base64url').length, 32);
    assert.equal(bytesOf(keys.PASSWORD_PEPPERS).length, 32);
    assert.equal(bytesOf(keys.OTP_ENCRYPTION_KEYS).length, 32);
    assert.equal(readPrivateKey(keys.TOKEN_SIGNING_KEYS).asymmetricKeyDetails?.namedCurve, 'prime256v1');
    assert.equal(readPrivateKey(keys.AUDIT_SIGNING_KEYS).asymmetricKeyType, 'ed25519');
    assert.equal(new Set(Object.values(keys)).size, keyNames.length);
  });

  it('gains a key that is missing and keeps the others', async () => {
    const { OTP_ENCRYPTION_KEYS: _, ...older } = await openKeys(folder);
    await writeFile(path, JSON.stringify(older));
    const completed = await openKeys(folder);
    assert.deepEqual({ ...completed, ...older }, completed);
    assert.deepEqual(await openKeys(folder), completed);
  });

  it('loses rights that others were given', async () => {
    await openKeys(folder);
    await chmod(path, 0o644);
    await openKeys(folder);
    assert.equal((await stat(path)).mode & 0o777, 0o600);
  });

  it('stops the start when it is damaged, and is left as it is', async () => {
    await writeFile(path, '{"PASSWORD_PEPPERS": ');
    await assert.rejects(openKeys(folder), /are damaged/);
    assert.equal(await readFile(path, 'utf8'), '{"PASSWORD_PEPPERS": ');
  });
});

function bytesOf(ring: string): Buffer {
  assert.match(ring, /^k1:/);
  return Buffer.from(ring.slice(3), 'base64');
}

function readPrivateKey(ring: string) {
  return createPrivateKey({ key: bytesOf(ring), type: 'pkcs8', format: 'der' });
}
