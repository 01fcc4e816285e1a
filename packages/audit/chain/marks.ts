import type { AuditKeys } from './checkpoint.ts';
import { type Damage, damaged, damagedWithin } from './damage.ts';
import { type Checkpoint, readCheckpoint } from './judge-checkpoint.ts';
import { type ChainedEvent, type HeldEvent, readEntry } from './read-entry.ts';

/** The hash of an event as it is known from elsewhere: from a checkpoint that was saved, or the head of the database. */
export interface Mark {
  sequence: number;
  hash: string;
  logId?: string;
}

export interface Marks {
  /** Whether an event is the one that the marks know; `unproven` is the first number that nothing vouches for. */
  judge(event: ChainedEvent, number: number, unproven: number): Damage | undefined;
  judgeLog(checkpoint: Checkpoint | undefined): Damage | undefined;
  /** Whether the log reaches as far as it did; `due` is the number that it lacks. */
  judgeEnd(due: number): Damage | undefined;
}

export function createMarks(given: readonly Mark[]): Marks {
  const marks = given.toSorted((a, b) => a.sequence - b.sequence);
  const furthest = marks.at(-1)?.sequence ?? 0;
  let at = 0;
  let agreedTo = 0;

  return {
    judge(event, number, unproven) {
      for (let mark = marks[at]; mark !== undefined && mark.sequence <= number; mark = marks[at]) {
        at += 1;
        if (mark.sequence < number) continue;
        if (mark.hash !== event.hash) {
          const lowest = Math.max(unproven, agreedTo + 1);
          return damagedWithin(lowest, number, 're-hashed', `was changed, and hashed anew with all up to ${number}`);
        }
        agreedTo = number;
      }
      return undefined;
    },
    judgeLog(checkpoint) {
      const other = marks.find(({ logId }) => logId !== undefined && logId !== checkpoint?.data.log_id);
      return checkpoint && other ? damaged(checkpoint.number, 'other-log') : undefined;
    },
    judgeEnd(due) {
      if (furthest < due) return undefined;
      return damaged(due, 'cut-tail', `is missing: the log reached ${furthest} before`);
    },
  };
}

/** What a checkpoint that was saved knows of its log: the hash of the event before it, and its own. */
export function readMarks(held: HeldEvent, keys?: AuditKeys): Mark[] | Damage {
  const entry = readEntry(held);
  if (entry.event === undefined) return damaged(0, 'unreadable', entry.why);
  if (entry.misfit !== undefined) return damaged(entry.number, 'altered', entry.misfit);
  const read = readCheckpoint(entry.event, entry.number, keys);
  if ('outcome' in read) return read;
  const { data, number, event } = read;
  const logId = data.log_id;
  return [
    { sequence: Number(data.to), hash: data.head, logId },
    { sequence: number, hash: event.hash, logId },
  ];
}
