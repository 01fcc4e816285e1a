import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { KeyRing } from '@sallyport/config';
import fc from 'fast-check';
import { Registry } from 'prom-client';
import { bcryptInput, openHasher } from './password-hasher.ts';

const from = '192.0.2.1';
const first = { id: 'first', bytes: Buffer.alloc(32, 1) };
const second = { id: 'second', bytes: Buffer.alloc(32, 2) };
const hasher = openHasher({ peppers: new KeyRing([first, second]), cost: 4, registry: new Registry() });
after(() => hasher.close());

const alike: [string, string, string][] = [
  ['72 and 73 bytes', 'a'.repeat(72), 'a'.repeat(73)],
  ['a tail beyond 72 bytes', `${'a'.repeat(72)}b`, `${'a'.repeat(72)}c`],
  ['24 emoji', '😀'.repeat(24), `${'😀'.repeat(23)}😁`],
  ['what follows a NUL', 'correct\0horse', 'correct\0house'],
  ['a NUL and nothing', 'correct\0', 'correct'],
  ['256 characters', 'x'.repeat(256), `${'x'.repeat(255)}y`],
];

for (const [what, password, other] of alike) {
  test(`another password never fits: ${what}`, async () => {
    const stored = await hasher.hash(password, { from });
    assert.equal(await hasher.verify(password, stored, from), true);
    assert.equal(await hasher.verify(other, stored, from), false);
  });
}

test('composed and decomposed forms are one password', async () => {
  const stored = await hasher.hash('pässwörter'.normalize('NFC'), { from });
  assert.equal(await hasher.verify('pässwörter'.normalize('NFD'), stored, from), true);
});

test('a password of 16 KiB of marks is never normalised, and fits nothing', async (t) => {
  const stored = await hasher.hash('correct horse', { from });
  const normalize = t.mock.method(String.prototype, 'normalize');
  assert.equal(await hasher.verify('\u0345\u0300\u05bf'.repeat(2_600), stored, from), false);
  assert.equal(normalize.mock.callCount(), 0);
});

test('bcrypt is given 64 characters of base64, whatever the password', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary', maxLength: 300 }), (password) => {
      assert.match(bcryptInput(first, password), /^[A-Za-z0-9+/]{64}$/);
    }),
  );
});

test('the input is HMAC-SHA-384 as `openssl dgst -sha384 -mac HMAC` computes it', () => {
  const key = { id: 'k', bytes: Buffer.from('0123456789abcdef0123456789abcdef') };
  assert.equal(bcryptInput(key, 'correct horse'), 'Pshsc7iedHrLpe2KaaaWWkQxDOfERPwdttwLA6LOhQT2JlilOqM51WC2uSvbt5ff');
});

test('a hash names its pepper and cost, and fits under no other pepper', async () => {
  const stored = await hasher.hash('correct horse', { from });
  assert.match(stored.hash, /^\$2b\$04\$/);
  assert.equal(stored.pepperId, 'first');
  assert.equal(await hasher.verify('correct horse', { ...stored, pepperId: 'second' }, from), false);
  assert.equal(hasher.isCurrent(stored), true);
  assert.equal(hasher.isCurrent({ ...stored, pepperId: 'second' }), false);
  assert.equal(hasher.isCurrent({ ...stored, hash: stored.hash.replace('$04$', '$05$') }), false);
  await assert.rejects(hasher.verify('correct horse', { ...stored, pepperId: 'gone' }, from), { name: 'Unavailable' });
});

test('a decoy takes as long as a hash of its cost', async () => {
  const hash = `$2b$10$${'N9qo8uLOickgx2ZMRZoMyeIjZAgcfl7p92ldGxad68LJZdL17lhWy'}`;
  const decoys: number[] = [];
  const reals: number[] = [];
  const timed = async (work: () => Promise<unknown>) => {
    const started = performance.now();
    await work();
    return performance.now() - started;
  };
  // The least of a few, in turn: a busy machine adds to each what it likes.
  for (let round = 0; round < 5; round += 1) {
    decoys.push(await timed(() => hasher.spend('correct horse', 10, from)));
    reals.push(await timed(() => hasher.verify('x', { hash, pepperId: 'first' }, from)));
  }
  const [decoy, real] = [Math.min(...decoys), Math.min(...reals)];
  assert.ok(decoy > real / 4 && decoy < real * 4, `${decoy} and ${real} ms`);
});
