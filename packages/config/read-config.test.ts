import assert from 'node:assert/strict';
import { test } from 'node:test';
import { z } from 'zod';
import { cidrs, port, secrets } from './fields.ts';
import { keepApart } from './keep-apart.ts';
import { keyRing } from './key-ring.ts';
import { ConfigError, readConfig } from './read-config.ts';

const ring = keyRing((bytes) => bytes.length === 32, '32 bytes in base64');
const key = (fill: number) => Buffer.alloc(32, fill).toString('base64');

test('names every wrong or missing variable in one message, and no value', () => {
  const schema = z.object({ URL: z.string(), PORT: port(80), KEYS: ring, SECRETS: secrets });
  const env = { PORT: 'eighty', KEYS: `k1:${key(1)},k1:${key(2)}`, SECRETS: 'short-secret' };
  assert.throws(
    () => readConfig(schema, env),
    (error: unknown) => {
      assert.ok(error instanceof ConfigError);
      for (const name of ['URL: is missing', 'PORT: must be', 'KEYS: names an id twice', 'SECRETS: each secret']) {
        assert.ok(error.message.includes(name), error.message);
      }
      assert.ok(!error.message.includes('short-secret'));
      return true;
    },
  );
});

test('takes an empty variable as missing', () => {
  assert.deepEqual(readConfig(z.object({ PORT: port(80) }), { PORT: '' }), { PORT: 80 });
});

test('reads a ring in order: the first writes, all read', () => {
  const { KEYS } = readConfig(z.object({ KEYS: ring }), { KEYS: `new:${key(1)},old:${key(2)}` });
  assert.equal(KEYS.current.id, 'new');
  assert.equal(KEYS.find('old')?.bytes[0], 2);
  assert.equal(KEYS.find('other'), undefined);
});

test('refuses rings with short, equal or malformed keys', () => {
  const read = (KEYS: string) => () => readConfig(z.object({ KEYS: ring }), { KEYS });
  for (const text of ['k1', 'k1:!!', 'k1:AAAA', `k1:${key(1)},k2:${key(1)}`, `k 1:${key(1)}`, ',']) {
    assert.throws(read(text), ConfigError, text);
  }
});

test('reads address ranges', () => {
  const read = (RANGES: string) => readConfig(z.object({ RANGES: cidrs }), { RANGES }).RANGES;
  assert.deepEqual(read('10.0.0.0/8, ::1,192.0.2.7'), ['10.0.0.0/8', '::1', '192.0.2.7']);
  for (const text of ['10.0.0.0/33', 'loopback', '1.2.3', '::1/129'])
    assert.throws(() => read(text), ConfigError, text);
});

test('refuses a ring with an empty entry, a bad id, a short key, or base64 that was cut or has loose bits (RFC 4648 section 3.5)', () => {
  const schema = z.object({ KEYS: ring });
  const whole = `k1:${key(1)}`;
  assert.equal(readConfig(schema, { KEYS: whole }).KEYS.current.id, 'k1');
  assert.equal(readConfig(schema, { KEYS: `__proto__:${key(1)}` }).KEYS.find('constructor'), undefined);
  const cut = whole.slice(0, -1);
  const loose = `${whole.slice(0, -2)}F=`;
  const short = `k1:${Buffer.alloc(31).toString('base64')}`;
  for (const bad of [
    '',
    `${whole},`,
    `k.1:${key(1)}`,
    `:${key(1)}`,
    key(1),
    `${cut}==`,
    loose,
    short,
    `${whole},k2:${key(1)}`,
  ]) {
    assert.throws(
      () => readConfig(schema, { KEYS: bad }),
      (error: unknown) => error instanceof ConfigError && !error.message.includes(key(1).slice(0, 20)),
      bad,
    );
  }
});

test('refuses one secret in two variables, in whatever form, and says which, beside all other faults', () => {
  const schema = z
    .object({ PORT: port(80), RING: ring, ONE: secrets, TWO: secrets })
    .superRefine(...keepApart('RING', 'ONE', 'TWO'));
  const faultsOf = (env: Record<string, string>) => {
    try {
      readConfig(schema, { RING: `k1:${key(1)}`, ONE: '1'.repeat(32), TWO: '2'.repeat(32), ...env });
      return [];
    } catch (error) {
      assert.ok(error instanceof ConfigError && !error.message.includes(key(1).slice(0, 16)));
      return error.message.split('\n').slice(1);
    }
  };
  assert.deepEqual(faultsOf({}), []);
  assert.deepEqual(faultsOf({ ONE: '!'.repeat(32), TWO: '?'.repeat(32) }), []);
  const third = `${'3'.repeat(32)},${'1'.repeat(32)}`;
  assert.deepEqual(faultsOf({ TWO: third }), ['  TWO: shares a secret with ONE']);
  assert.deepEqual(faultsOf({ TWO: key(1) }), ['  TWO: shares a secret with RING']);
  const raw = `k1:${key(9)},k2:${Buffer.from('2'.repeat(32)).toString('base64url')}`;
  assert.deepEqual(faultsOf({ RING: raw }), ['  TWO: shares a secret with RING']);
  const all = faultsOf({ PORT: 'x', RING: 'k1', TWO: third });
  assert.deepEqual(
    all.map((fault) => fault.split(':')[0]),
    ['  PORT', '  RING', '  TWO'],
  );
  assert.match(faultsOf({ ONE: `${'4'.repeat(32)},${'4'.repeat(32)}` }).join(), /^ {2}ONE: names a secret twice$/);
});
