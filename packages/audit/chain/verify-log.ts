/*
 * Verifies an audit log as it streams by: numbers, chain, personal data and what erased it, checkpoints, and against
 * marks that were kept elsewhere the tail. It needs three events at a time, and room for the people whose data is gone.
 *
 * What it can't see: a change after the last checkpoint by somebody who hashes everything behind it anew, unless a mark
 * lies there; and any such change where no key says who may sign. A place may be told as a range: where all was hashed
 * anew, from the last checkpoint that agrees to the first that doesn't; and for the last two events of a log.
 */
import type { AuditKeys } from './checkpoint.ts';
import { type Damage, damaged } from './damage.ts';
import { noHash } from './hash-event.ts';
import { type Checkpoint, checkpointType, createCheckpoints } from './judge-checkpoint.ts';
import { type Ahead, judgePlace, type Place } from './judge-place.ts';
import { judgeStart, type Start } from './judge-start.ts';
import { createMarks, type Mark } from './marks.ts';
import { type Entry, type HeldEvent, readEntry, type Unreadable } from './read-entry.ts';
import { createRemovals } from './removals.ts';

export interface VerifyOptions {
  /** Without keys signatures aren't looked at. */
  keys?: AuditKeys | undefined;
  /** The events begin after this number, and what came before is taken as given; 0, the whole log, by default. */
  after?: number | undefined;
  /** Hashes that are known from elsewhere. */
  marks?: readonly Mark[] | undefined;
}

export interface Intact {
  outcome: 'intact';
  events: number;
  /** The first and last number; 0 where there was no event. */
  from: number;
  to: number;
  /** The hash of the last event. */
  head: string;
  checkpoints: number;
  lastCheckpoint: Checkpoint | undefined;
}

/** Reads events in order until the first damage. */
export async function verifyLog(
  events: AsyncIterable<HeldEvent> | Iterable<HeldEvent>,
  { keys, after = 0, marks: given = [] }: VerifyOptions = {},
): Promise<Intact | Damage> {
  const removals = createRemovals();
  let [from, count] = [0, 0];
  let place: Place = { due: after + 1, head: noHash, hasBefore: false };
  let startDamage: Start['damage'];
  let checkpoints = createCheckpoints(place.due, place.head, keys);
  const marks = createMarks(given);

  for await (const ahead of lookAhead(events)) {
    if (count === 0) {
      const start = judgeStart(ahead, after);
      startDamage = start.damage;
      place = start.place;
      from = place.due;
      checkpoints = createCheckpoints(from, place.head, keys);
    }
    const [entry, next] = ahead;
    const damage = judgePlace(place, ahead);
    if (damage) return damage;
    const { event, number, personal } = entry as Entry;
    if (personal === 'altered') return damaged(number, 'personal-altered');
    if (event.type === checkpointType) {
      const wrong = checkpoints.judge(event, number, next) ?? marks.judgeLog(checkpoints.last);
      if (wrong) return wrong;
    }
    const moved = marks.judge(event, number, Math.max(from, (keys && checkpoints.last?.number) ?? 0));
    if (moved) return moved;
    removals.cover(event);
    if (personal === 'removed') removals.add(event, number);
    checkpoints.add(event, number);
    place = { due: number + 1, head: event.hash, hasBefore: true };
    count += 1;
  }

  // What a tail that was cut off held may have covered what seems to be removed.
  const wrong = startDamage?.(checkpoints) ?? marks.judgeEnd(place.due) ?? removals.judge();
  if (wrong) return wrong;
  const { last: lastCheckpoint, count: seen } = checkpoints;
  return {
    outcome: 'intact',
    events: count,
    from,
    to: place.due - 1,
    head: place.head,
    checkpoints: seen,
    lastCheckpoint,
  };
}

/** Each event with the two after it. */
async function* lookAhead(events: AsyncIterable<HeldEvent> | Iterable<HeldEvent>): AsyncGenerator<Ahead> {
  const window: (Entry | Unreadable)[] = [];
  for await (const held of events) {
    window.push(readEntry(held));
    if (window.length < 3) continue;
    yield [...window] as unknown as Ahead;
    window.shift();
  }
  for (; window.length > 0; window.shift()) yield [...window] as unknown as Ahead;
}
