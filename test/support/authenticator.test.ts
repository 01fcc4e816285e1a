import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { randomBytes, randomInt } from 'node:crypto';
import { test } from 'node:test';
import { codeAt, codeForCounter, createAuthenticator, decodeBase32, readOtpauthUri } from './authenticator.ts';
import { findProgram } from './servers/find-servers.ts';

const seed = '12345678901234567890';

test('agrees with RFC 4648 10', () => {
  const vectors = { '': '', 'MY======': 'f', 'MZXQ====': 'fo', 'MZXW6===': 'foo', MZXW6YQ: 'foob', mzxw6ytb: 'fooba' };
  for (const [encoded, text] of Object.entries(vectors)) assert.equal(decodeBase32(encoded).toString(), text);
  assert.equal(decodeBase32('MZXW 6YTB OI======').toString(), 'foobar');
  assert.throws(() => decodeBase32('MZXW1'), /not base32: 1/);
});

test('agrees with RFC 4226 appendix D', () => {
  const codes = '755224 287082 359152 969429 338314 254676 287922 162583 399871 520489'.split(' ');
  const ours = codes.map((_, counter) => codeForCounter(Buffer.from(seed), counter));
  assert.deepEqual(ours, codes);
});

test('agrees with RFC 6238 appendix B', () => {
  const keys = { SHA1: 20, SHA256: 32, SHA512: 64 } as const;
  const vectors = [
    [59, '94287082', '46119246', '90693936'],
    [1111111109, '07081804', '68084774', '25091201'],
    [1111111111, '14050471', '67062674', '99943326'],
    [1234567890, '89005924', '91819424', '93441116'],
    [2000000000, '69279037', '90698825', '38618901'],
    [20000000000, '65353130', '77737706', '47863826'],
  ] as const;
  for (const [seconds, ...codes] of vectors) {
    const ours = (['SHA1', 'SHA256', 'SHA512'] as const).map((algorithm) => {
      const key = Buffer.from(seed.repeat(4).slice(0, keys[algorithm]));
      return codeAt(key, seconds * 1000, { algorithm, digits: 8 });
    });
    assert.deepEqual(ours, codes, `at ${seconds} s`);
  }
});

test('reads a key URI and shows its codes', () => {
  const uri =
    'otpauth://totp/Sally%20Port:anna%40example.org?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ&issuer=Sally%20Port';
  const app = createAuthenticator(uri);
  assert.equal(app.label, 'Sally Port:anna@example.org');
  assert.equal(app.issuer, 'Sally Port');
  assert.deepEqual([app.algorithm, app.digits, app.periodSeconds], ['SHA1', 6, 30]);
  assert.equal(app.codeAt(59_000), '287082');
  const other = createAuthenticator(`${uri}&algorithm=SHA1&digits=8&period=60`);
  assert.equal(other.codeAt(119_999), '94287082');
});

test('refuses a URI that apps refuse', () => {
  assert.throws(() => readOtpauthUri('https://example.org/?secret=GEZDGNBV'));
  assert.throws(() => readOtpauthUri('otpauth://hotp/a?secret=GEZDGNBV'));
  assert.throws(() => readOtpauthUri('otpauth://totp/a'), /no secret/);
  assert.throws(() => readOtpauthUri('otpauth://totp/a?secret=GEZDGNBV&algorithm=MD5'), /MD5/);
});

const oathtool = findProgram('oathtool');

test('agrees with oathtool', { skip: oathtool ? false : 'oathtool is not installed' }, () => {
  for (let round = 0; round < 20; round += 1) {
    const key = randomBytes(20);
    const seconds = randomInt(2 ** 31);
    const args = ['--totp', key.toString('hex'), '-N', `@${seconds}`];
    const theirs = execFileSync(oathtool ?? '', args, { encoding: 'utf8' }).trim();
    assert.equal(codeAt(key, seconds * 1000), theirs, `${key.toString('hex')} at ${seconds}`);
  }
});
