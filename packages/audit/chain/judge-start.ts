/*
 * Where a log may begin: at 1; or, when retention dropped what came before, at a checkpoint whose signature vouches for
 * the hash before it, no later than the checkpoints say that the log is kept from. Asked for a part, it is taken as given.
 */
import type { AuditKeys } from './checkpoint.ts';
import { type Damage, damaged } from './damage.ts';
import { noHash } from './hash-event.ts';
import { checkpointType, readCheckpoint } from './judge-checkpoint.ts';
import type { Ahead, Place } from './judge-place.ts';
import type { Entry, Unreadable } from './read-entry.ts';

export interface Start {
  place: Place;
  /** What is wrong with it, when the whole log has told what is kept. */
  damage?: (keptFrom: number) => Damage | undefined;
}

export function judgeStart([first, second]: Ahead, after: number, keys?: AuditKeys): Start {
  if (after === 0 && [first, second].some(isFirst)) return { place: { due: 1, head: noHash, hasBefore: false } };
  const due = after > 0 ? after + 1 : findStart(first, second);
  const known = [first, second].find((entry) => entry?.number === due) ?? first;
  const head = known.event?.prevhash ?? noHash;
  const place: Place = { due, head, hasBefore: false };
  if (after > 0) return { place };
  const vouched = isVouchedFor(known, keys);
  return {
    place,
    damage: (keptFrom) => {
      if (due > keptFrom) return damaged(keptFrom, 'cut-head', `is missing: the log begins with ${due}`);
      return vouched
        ? undefined
        : damaged(due, 'cut-head', 'is where the log begins, and no checkpoint vouches for that');
    },
  };
}

/** Where one event is out of place, the other knows. */
function isFirst(entry: Entry | Unreadable | undefined): boolean {
  return entry?.number === 1 || entry?.event?.prevhash === noHash;
}

function findStart(first: Entry | Unreadable, second?: Entry | Unreadable): number {
  if (first.event && first.misfit === undefined) return Math.min(first.number, second?.number ?? first.number);
  return second?.event ? second.number - 1 : (first.number ?? 1);
}

function isVouchedFor(entry: Entry | Unreadable, keys?: AuditKeys): boolean {
  if (entry.event === undefined || entry.event.type !== checkpointType) return false;
  const read = readCheckpoint(entry.event, entry.number, keys);
  return 'data' in read && read.data.head === entry.event.prevhash && Number(read.data.to) === entry.number - 1;
}
