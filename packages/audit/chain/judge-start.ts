/*
 * Where a log may begin: at 1; or, when retention dropped what came before, where a checkpoint in it says that it is kept
 * from, by that number and the hash before it. Asked for a part, it is taken as given.
 */
import { type Damage, damaged } from './damage.ts';
import { noHash } from './hash-event.ts';
import type { Checkpoints } from './judge-checkpoint.ts';
import type { Ahead, Place } from './judge-place.ts';
import type { Entry, Unreadable } from './read-entry.ts';

export interface Start {
  place: Place;
  /** What is wrong with it, when the whole log has told what is kept. */
  damage?: (checkpoints: Pick<Checkpoints, 'keptFrom' | 'vouched'>) => Damage | undefined;
}

export function judgeStart([first, second]: Ahead, after: number): Start {
  if (after === 0 && [first, second].some(isFirst)) return { place: { due: 1, head: noHash, hasBefore: false } };
  const due = after > 0 ? after + 1 : findStart(first, second);
  const known = [first, second].find((entry) => entry?.number === due) ?? first;
  const head = known.event?.prevhash ?? noHash;
  const place: Place = { due, head, hasBefore: false };
  if (after > 0) return { place };
  return {
    place,
    damage: ({ keptFrom, vouched }) => {
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
