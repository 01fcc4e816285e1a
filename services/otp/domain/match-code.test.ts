import assert from 'node:assert/strict';
import { createHmac, randomBytes, randomInt } from 'node:crypto';
import { test } from 'node:test';
import fc from 'fast-check';
import { matchCode } from './match-code.ts';

/** RFC 4226 section 5.3, written anew. */
function hotp(secret: Buffer, counter: number, digits = 6): string {
  const message = Buffer.alloc(8);
  message.writeBigUInt64BE(BigInt(counter));
  const digest = createHmac('sha1', secret).update(message).digest();
  const number = digest.readUInt32BE(digest.readUInt8(19) & 15) & 0x7fffffff;
  return String(number % 10 ** digits).padStart(digits, '0');
}

const rfcSecret = Buffer.from('12345678901234567890');

test('matches the codes of RFC 4226 appendix D', () => {
  const codes = '755224 287082 359152 969429 338314 254676 287922 162583 399871 520489'.split(' ');
  for (const [counter, code] of codes.entries()) {
    assert.equal(matchCode(rfcSecret, code, counter * 30_000, 0), counter);
  }
});

test('matches the last six digits of the SHA-1 codes of RFC 6238 appendix B', () => {
  const codes: [number, string][] = [
    [59, '94287082'],
    [1111111109, '07081804'],
    [1111111111, '14050471'],
    [1234567890, '89005924'],
    [2000000000, '69279037'],
    [20000000000, '65353130'],
  ];
  for (const [seconds, code] of codes) {
    assert.equal(matchCode(rfcSecret, code.slice(2), seconds * 1_000, 0), Math.floor(seconds / 30));
  }
});

test('agrees with an independent implementation on 100 000 random secrets and times', () => {
  for (let at = 0; at < 100_000; at++) {
    const secret = randomBytes(20);
    const step = randomInt(0, 2 ** 36);
    const code = hotp(secret, step);
    if (matchCode(secret, code, step * 30_000 + randomInt(0, 30_000), 0) !== step) {
      assert.fail(`${secret.toString('hex')} at ${step}`);
    }
  }
});

test('accepts offsets within the window only, and answers with the highest step', () => {
  const bytes = fc.uint8Array({ minLength: 20, maxLength: 20 }).map((array) => Buffer.from(array));
  const step = fc.integer({ min: 100, max: 2 ** 36 });
  fc.assert(
    fc.property(
      bytes,
      step,
      fc.integer({ min: -3, max: 3 }),
      fc.integer({ min: 0, max: 3 }),
      (secret, now, offset, window) => {
        const code = hotp(secret, now + offset);
        const inside = Array.from({ length: 2 * window + 1 }, (_, at) => now - window + at);
        const expected = inside.filter((candidate) => hotp(secret, candidate) === code).at(-1);
        assert.equal(matchCode(secret, code, now * 30_000, window), expected);
        if (Math.abs(offset) <= window) assert.ok(expected !== undefined && expected >= now + offset);
      },
    ),
  );
});

test('takes the later of two steps of the window that have one code', () => {
  const window = 10;
  const steps = new Map<string, number>();
  let [earlier, later] = [0, 100];
  for (; later - earlier > 2 * window; later += 1) {
    const code = hotp(rfcSecret, later);
    earlier = steps.get(code) ?? 0;
    steps.set(code, later);
    if (later - earlier <= 2 * window) break;
  }
  const code = hotp(rfcSecret, later);
  assert.equal(hotp(rfcSecret, earlier), code);
  assert.equal(matchCode(rfcSecret, code, (later - window) * 30_000, window), later);
});

test('matches nothing but six ASCII digits', () => {
  const code = hotp(rfcSecret, 1);
  const wide = code.replace(/\d/g, (digit) => String.fromCodePoint(0xff10 + Number(digit)));
  for (const other of [` ${code}`, `${code} `, code.slice(1), `0${code}`, wide, '', '      ']) {
    assert.equal(matchCode(rfcSecret, other, 30_000, 1), undefined);
  }
});

test('has no step before the first', () => {
  assert.equal(matchCode(rfcSecret, hotp(rfcSecret, 0), 0, 10), 0);
});
