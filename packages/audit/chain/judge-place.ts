/*
 * Whether an event stands where it belongs: its number is due, it follows the one before, and it is what its hash says.
 * Where that fails, the two that come after it tell what was done: an event that was changed and hashed anew is noticed
 * in the next one's `prevhash`, and only what follows that one shows which of the two was touched.
 */
import { type Damage, damaged, damagedWithin } from './damage.ts';
import { hashEvent } from './hash-event.ts';
import type { Entry, Unreadable } from './read-entry.ts';

export interface Place {
  /** The number that is due. */
  due: number;
  /** The hash of the event before. */
  head: string;
  /** Whether the event before was looked at, too. */
  hasBefore: boolean;
}

export type Ahead = readonly [Entry | Unreadable, (Entry | Unreadable)?, (Entry | Unreadable)?];

export function judgePlace(place: Place, ahead: Ahead): Damage | undefined {
  const [entry, next] = ahead;
  const { due, head } = place;
  if (entry.event === undefined) return damaged(due, 'unreadable', entry.why);
  if (entry.number !== due) return judgeNumber(place, entry, ahead);
  if (next?.number === due && next.event.prevhash !== entry.event.hash) {
    return damaged(due, 'inserted', 'is there twice');
  }
  if (entry.misfit !== undefined) return judgeMisfit(due, entry, entry.misfit, next);
  return entry.event.prevhash === head ? undefined : judgeLink(place, entry, next);
}

function judgeNumber({ due, head }: Place, { event, number, misfit }: Entry, [, next, afterNext]: Ahead): Damage {
  if (event.prevhash === head) {
    return damaged(due, misfit === undefined ? 're-hashed' : 'altered', `has the number ${number}`);
  }
  if (number < due) return damaged(due, 'inserted', `was due, and ${number} comes again`);
  if (next?.number === due) {
    const swapped = number === due + 1 && afterNext?.number !== number;
    return swapped ? damaged(due, 'swapped') : damaged(due, 'inserted', `was due, and ${number} comes before it`);
  }
  const last = number - 1;
  return damaged(due, 'deleted', last === due ? 'is missing' : `to ${last} are missing`);
}

/** The number is right and the hash isn't: the content was changed, or it had another number once. */
function judgeMisfit(due: number, entry: Entry, misfit: string, next?: Entry | Unreadable): Damage {
  if (next?.event && fitsAs(entry, next.number) && fitsAs(next, due)) return damaged(due, 'swapped');
  if (fitsAs(entry, due + 1)) return damaged(due, 'deleted', 'is missing, and what follows was numbered anew');
  if (fitsAs(entry, due - 1)) return damaged(due - 1, 'inserted', 'was put in, and what follows numbered anew');
  return damaged(due, 'altered', misfit);
}

function fitsAs({ event }: Entry, number: number): boolean {
  return hashEvent({ ...event, sequence: String(number) } as typeof event) === event.hash;
}

/** It fits itself and doesn't follow the one before: one of the two was hashed anew. */
function judgeLink({ due, hasBefore }: Place, { event }: Entry, next?: Entry | Unreadable): Damage {
  if (!hasBefore) return damaged(due, 're-hashed', "doesn't begin where it should");
  if (next?.event) return damaged(next.event.prevhash === event.hash ? due - 1 : due, 're-hashed');
  if ('head' in event.data) return damaged(event.data.head === event.prevhash ? due - 1 : due, 're-hashed');
  return damagedWithin(due - 1, due, 're-hashed', 'was hashed anew: the two are the last, and do not follow');
}
