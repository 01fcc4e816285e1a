import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { test } from 'node:test';
import fc from 'fast-check';
import { createRecoveryCodes, normaliseRecoveryCode } from './recovery-code.ts';

test('makes ten different codes of 80 bits in four groups', () => {
  const codes = createRecoveryCodes(randomBytes);
  assert.equal(new Set(codes).size, 10);
  for (const code of codes) assert.match(code, /^[0-9A-HJKMNP-TV-Z]{4}(-[0-9A-HJKMNP-TV-Z]{4}){3}$/);
  assert.equal(
    createRecoveryCodes(() => randomBytes(10).fill(0, 0, 9)).every((code) => code.startsWith('0000-')),
    true,
  );
});

test('reads a code however it is typed', () => {
  const confuse = (code: string, picks: boolean[]) =>
    [...code]
      .map((symbol, at) => {
        const typed = picks[at] ? ({ '0': 'o', '1': 'l', '-': ' ' }[symbol] ?? symbol.toLowerCase()) : symbol;
        return picks[at + 20] ? `${typed} ` : typed;
      })
      .join('');
  fc.assert(
    fc.property(fc.array(fc.boolean(), { minLength: 40, maxLength: 40 }), (picks) => {
      const [code = ''] = createRecoveryCodes(randomBytes);
      assert.equal(normaliseRecoveryCode(confuse(code, picks)), code.replaceAll('-', ''));
    }),
  );
});

test('refuses whatever can be no code', () => {
  for (const typed of ['', 'ABCD-EFGH-JKMN-PQR', 'ABCD-EFGH-JKMN-PQRSS', 'UBCD-EFGH-JKMN-PQRS', 'A'.repeat(10_000)]) {
    assert.equal(normaliseRecoveryCode(typed), undefined);
  }
});
