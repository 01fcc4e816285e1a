import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { canonical } from './canonical.ts';
import { readMarks } from './marks.ts';
import { alterations } from './testing/alterations.ts';
import { createLog, keys, steps, type TestEvent } from './testing/test-log.ts';
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
