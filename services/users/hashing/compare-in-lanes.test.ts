import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import bcrypt from 'bcrypt';
import fc from 'fast-check';
import { computePi } from './blowfish-tables.mjs';
import { createComparison, createLanes } from './compare-in-lanes.mjs';
import { findDisagreement } from './find-disagreement.mjs';
import type { HashJob } from './hash-job.ts';
import { openHashWorker } from './open-hash-worker.ts';

const lanes = createLanes(4);
const worker = openHashWorker(lanes, assert.fail);
after(() => worker.close());

/** Those of jBCrypt, whose form 2a says the same of ASCII as 2b. */
const vectors: [input: string, hash: string][] = [
  ['a', '$2b$06$m0CrhHm10qJ3lXRY.5zDGO3rS2KdeeWLuGmsfGlMfOxih58VYVfxe'],
  ['abc', '$2b$06$If6bvum7DFjUnE9p2uDeDu0YHzrHM6tf.iqN8.yx.jNN1ILEf7h0i'],
  ['abcdefghijklmnopqrstuvwxyz', '$2b$06$.rCVZVOThsIa97pEDOxvGuRRgzG64bvtJ0938xuqzv18d3ZpQhstC'],
  ['~!@#$%^&*()      ~!@#$%^&*()PNBFRD', '$2b$06$fPIsBO8qRqkjj273rfaOI.HtSV9jLDpTbZn782DC6/t7qT67P6FfO'],
];

test('Blowfish begins with the fraction of pi, as its paper lists it', () => {
  const pi = computePi(18 + 4 * 256);
  assert.deepEqual([pi[0], pi[17], pi[18], pi.at(-1)], [0x243f6a88, 0x8979fb1b, 0xd1310ba6, 0x3ac372e6]);
});

test('takes the published vectors, and no input of another', () => {
  const compare = createComparison(lanes);
  const jobs = vectors.map(([input, hash]) => ({ input, hash }));
  assert.deepEqual(compare(jobs), [true, true, true, true]);
  const moved = jobs.map(({ hash }, at) => ({ input: jobs[(at + 1) % 4]?.input ?? '', hash }));
  assert.deepEqual(compare(moved), [false, false, false, false]);
});

const Input = fc.oneof(
  fc.string({ maxLength: 80 }),
  fc.string({ unit: 'binary', maxLength: 40 }),
  fc.base64String({ minLength: 64, maxLength: 64 }),
);

test('says what the library says, in two to four lanes, of right and of wrong inputs', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(fc.tuple(Input, fc.boolean(), Input), { minLength: 2, maxLength: 4 }), async (given) => {
      const jobs: HashJob[] = given.map(([input, right, other]) => ({
        input: right ? input : other,
        cost: 4,
        hash: bcrypt.hashSync(input, 4),
      }));
      const expected = jobs.map(({ input, hash }) => bcrypt.compareSync(input, hash ?? ''));
      assert.deepEqual(await worker.execute(jobs), expected);
    }),
    { numRuns: 200 },
  );
});

test('at the costs of real hashes too', () => {
  const compare = createComparison(lanes);
  for (const cost of [5, 8]) {
    const jobs = ['one', 'two', 'three', 'four'].map((input) => ({ input, cost, hash: bcrypt.hashSync(input, cost) }));
    for (const count of [2, 3, 4]) {
      const some = jobs.slice(0, count);
      assert.deepEqual(compare(some), Array(count).fill(true));
      const wrong = some.map((job, at) => ({ ...job, input: at === 0 ? 'another' : job.input }));
      assert.deepEqual(compare(wrong), [false, ...Array(count - 1).fill(true)]);
    }
  }
});

test('one hash that is none spoils no other', async () => {
  const hash = bcrypt.hashSync('right', 4);
  const loose = hash.slice(0, -1) + String.fromCharCode((hash.at(-1) ?? '').charCodeAt(0) + 1);
  const hashes = [`$2b$04$${'.'.repeat(53)}`, hash.slice(0, -1), 'no hash', loose, hash];
  const results = await worker.execute(hashes.map((it) => ({ input: 'right', cost: 4, hash: it })));
  assert.deepEqual(results, [false, false, false, false, true]);
});

test('lanes that say otherwise than the library are found before they are used', () => {
  assert.equal(findDisagreement(createComparison(lanes), 4), undefined);
  assert.match(findDisagreement((jobs) => jobs.map(() => true), 4) ?? '', /take what the library refuses/);
  assert.match(findDisagreement((jobs) => jobs.map(() => false), 4) ?? '', /refuse what the library has hashed/);
  const lastIsDeaf = (jobs: readonly { input: string; hash: string }[]) =>
    jobs.map(({ input, hash }, lane) => lane < 3 && bcrypt.compareSync(input, hash));
  assert.match(findDisagreement(lastIsDeaf, 4) ?? '', /^4 lanes refuse/);
});
