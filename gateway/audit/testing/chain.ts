// Verifies the log with code of its own: sorted keys are RFC 8785 as long as keys are ASCII and numbers whole.
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import type { Db } from '@sallyport/postgres';
import { findEvents } from '../store/find-events.ts';

export interface SeenEvent {
  id: string;
  type: string;
  sequence: string;
  prevhash: string;
  hash: string;
  data: Record<string, unknown>;
  [field: string]: unknown;
}

function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
  return Object.fromEntries(entries.map(([key, entry]) => [key, sorted(entry)]));
}

const checkpoint = 'sallyport.audit.checkpoint';

const hashOf = (value: unknown) =>
  createHash('sha256')
    .update(JSON.stringify(sorted(value)))
    .digest('hex');

/**
 * Reads the whole log and asserts that it has no gap and no fork, and that every hash holds. Returns what parts recorded:
 * the events save the checkpoints.
 */
export async function readVerifiedLog(db: Pick<Db, 'query'>): Promise<SeenEvent[]> {
  const events: SeenEvent[] = [];
  let sequence = 0;
  let prevhash = '0'.repeat(64);
  while (true) {
    const found = await findEvents(db, { after: sequence, limit: 1_000 });
    for (const { body } of found) {
      const event = JSON.parse(body) as SeenEvent;
      const { hash, ...rest } = structuredClone(event);
      sequence += 1;
      assert.equal(event.sequence, String(sequence));
      assert.equal(event.prevhash, prevhash);
      if (rest.data.personal !== null) assert.equal(rest.data.personal_hash, hashOf(rest.data.personal));
      delete rest.data.personal;
      assert.equal(hash, hashOf(rest));
      assert.equal(body, JSON.stringify(sorted(event)));
      prevhash = hash;
      if (event.type !== checkpoint) events.push(event);
    }
    assert.equal(found.at(-1)?.sequence ?? sequence, sequence);
    if (found.length < 1_000) return events;
  }
}
