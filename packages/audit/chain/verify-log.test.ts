import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { canonical } from './canonical.ts';
import { readMarks } from './marks.ts';
import { alterations } from './testing/alterations.ts';
import { addCheckpoint, createLog, keys, steps, type TestEvent } from './testing/test-log.ts';
import { verifyLog } from './verify-log.ts';

const long = process.env.SALLYPORT_CHAOS !== undefined;
const history = steps(long ? 200 : 10, long ? 400 : 40);

const asText = (events: TestEvent[]) => events.map((event) => canonical(event));

function save(checkpoint: TestEvent) {
  const marks = readMarks(checkpoint, keys);
  assert.ok(Array.isArray(marks));
  return marks;
}

test('a log that nobody touched raises no alarm, as text and as values, with keys and without', async () => {
  await fc.assert(
    fc.asyncProperty(history, fc.boolean(), fc.boolean(), async (made, text, signed) => {
      const events = createLog(made);
      const last = events.at(-1);
      const options = { keys: signed ? keys : undefined, marks: save(last) };
      const verdict = await verifyLog(text ? asText(events) : events, options);
      assert.partialDeepStrictEqual(verdict, { outcome: 'intact', events: events.length, from: 1, to: events.length });
      assert.equal('head' in verdict && verdict.head, last.hash);
    }),
    { numRuns: long ? 100 : 40 },
  );
});

test('whatever is done to a log is found, and the place is named', async () => {
  const seen = new Map<string, number>();
  await fc.assert(
    fc.asyncProperty(
      history,
      fc.constantFrom(...Object.keys(alterations)),
      fc.record({ at: fc.nat(), other: fc.nat(), pick: fc.nat() }),
      fc.boolean(),
      async (made, name, numbers, text) => {
        const events = createLog(made);
        const saved = save(events.at(-1));
        const within = (number: number) => 1 + (number % events.length);
        const choice = { at: within(numbers.at), other: within(numbers.other), pick: numbers.pick };
        const altered = alterations[name]?.(structuredClone(events), choice);
        fc.pre(altered !== undefined);
        const marks = name === 'cuts the tail' ? saved : [];
        const verdict = await verifyLog(text ? asText(altered.log) : altered.log, { keys, marks });
        assert.ok(verdict.outcome === 'damaged', `${name} is not found`);
        const { sequence, until = sequence } = verdict;
        const told = `${name} at ${altered.place}: ${verdict.damage} ${sequence} to ${until}`;
        assert.ok(sequence <= altered.place && altered.place <= until, told);
        if (verdict.damage !== 're-hashed' && verdict.damage !== 'personal-removed') {
          assert.equal(until, sequence, told);
        }
        seen.set(name, (seen.get(name) ?? 0) + 1);
      },
    ),
    { numRuns: long ? 1_000 : 200, endOnFailure: long },
  );
  if (long) assert.deepEqual([...seen.keys()].sort(), Object.keys(alterations).sort());
});

const plain = (count: number) =>
  createLog(
    Array.from({ length: count }, () => ({
      does: 'record',
      type: 'sallyport.login.succeeded',
      subject: null,
      actor: null,
      word: '',
    })),
  );

test('a log that retention cut begins where a checkpoint says it is kept from, and nowhere else', async () => {
  const log = plain(20);
  addCheckpoint(log, 11);
  const verdict = await verifyLog(log.slice(10), { keys });
  assert.partialDeepStrictEqual(verdict, { outcome: 'intact', from: 11, to: 22, events: 12 });
  for (const dropped of [9, 11]) {
    assert.partialDeepStrictEqual(await verifyLog(log.slice(dropped), { keys }), { damage: 'cut-head' });
  }
  assert.partialDeepStrictEqual(await verifyLog(plain(20).slice(10), { keys }), { damage: 'cut-head' });
  // Before it was dropped.
  assert.partialDeepStrictEqual(await verifyLog(log, { keys }), { outcome: 'intact', from: 1 });
});

test('a part of a log is taken from where it was asked for', async () => {
  const log = plain(20);
  assert.partialDeepStrictEqual(await verifyLog(log.slice(5), { keys, after: 5 }), { outcome: 'intact', from: 6 });
  assert.partialDeepStrictEqual(await verifyLog(log.slice(6), { keys, after: 5 }), { outcome: 'damaged', sequence: 6 });
});

test('a row that says other than its event is found', async () => {
  const rows = plain(5).map((event) => ({
    body: canonical(event),
    columns: { sequence: Number(event.sequence), id: event.id, type: event.type, subject: event.subject ?? null },
  }));
  assert.equal((await verifyLog(rows, { keys })).outcome, 'intact');
  for (const [name, value] of Object.entries({ id: 'x', type: 'sallyport.login.failed', subject: 'y', sequence: 9 })) {
    const altered = structuredClone(rows);
    Object.assign(altered[2]?.columns ?? {}, { [name]: value });
    assert.partialDeepStrictEqual(await verifyLog(altered, { keys }), { sequence: 3, damage: 'altered' }, name);
  }
});

test('a checkpoint that was saved tells a log that was written anew, and another log', async () => {
  const log = plain(10);
  const marks = save(log.at(-1));
  const forged = plain(9);
  addCheckpoint(forged);
  assert.equal((await verifyLog(forged, { keys })).outcome, 'intact');
  assert.partialDeepStrictEqual(await verifyLog(forged, { keys, marks }), { outcome: 'damaged', damage: 're-hashed' });
  const other = marks.map((mark) => ({ ...mark, logId: '00000000-0000-4000-8000-000000000000' }));
  assert.partialDeepStrictEqual(await verifyLog(log, { keys, marks: other }), { damage: 'other-log' });
});

test('a checkpoint by a key that nobody knows is told from a wrong signature', async () => {
  const log = plain(3);
  const strange = { keys: keys.keys.map((key) => ({ ...key, kid: 'k9' })) };
  assert.partialDeepStrictEqual(await verifyLog(log, { keys: strange }), { sequence: 4, damage: 'unknown-key' });
});
