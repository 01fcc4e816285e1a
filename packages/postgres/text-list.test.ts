import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { createTestDatabase, databaseMissing } from '../../test/support/database.ts';
import { openDb } from './index.ts';
import { joinTexts, textList } from './text-list.ts';

test('any texts arrive as they are, in their order, beside what goes with them', {
  skip: databaseMissing,
}, async () => {
  await using database = await createTestDatabase();
  const db = openDb({ url: database.url, name: 'test', max: 1 });
  try {
    const text = fc
      .string({ unit: 'binary' })
      .map((given) => given.replaceAll('\0', '').replaceAll('\u001e', '') || '{}');
    await fc.assert(
      fc.asyncProperty(fc.array(fc.option(text), { maxLength: 6 }), async (texts) => {
        const rows = await db.query<{ text: string | null }>(
          `select text from unnest($1::int[], ${textList(2)}) with ordinality as t (at, text, place) order by place`,
          [texts.map((_, at) => at), joinTexts(texts)],
        );
        assert.deepEqual(
          rows.map((row) => row.text),
          texts,
        );
      }),
    );
  } finally {
    await db.close();
  }
});

test('what it can not hold becomes something that is no JSON, and moves no other', () => {
  assert.deepEqual(joinTexts(['a\u001eb', '', 'c\0', null, 'd']).split('\u001e'), [
    'a\u0001b',
    '\u0001',
    'c\u0001',
    '',
    'd',
  ]);
});
