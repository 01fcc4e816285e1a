/*
 * A checkpoint is held to the log that it stands in, and to its signature. Somebody who hashes the whole rest of a log
 * anew keeps the chain whole; the next checkpoint, which he can't sign, then knows the event before it by another hash.
 */
import { z } from 'zod';
import { CheckpointData } from '../event/checkpoint-data.ts';
import { type AuditKeys, judgeSignature } from './checkpoint.ts';
import { type Damage, damaged, damagedWithin } from './damage.ts';
import type { ChainedEvent, Entry, Unreadable } from './read-entry.ts';
import { createTally, type Tally } from './tally.ts';

export const checkpointType = 'sallyport.audit.checkpoint';

/** What may be added to a checkpoint some day belongs to its signature. */
const Data = z.looseObject(CheckpointData.shape);

export interface Checkpoint {
  /** The event as the log has it. */
  event: ChainedEvent;
  data: CheckpointData;
  /** Its own number. */
  number: number;
}

/** A checkpoint's content and signature, by itself. */
export function readCheckpoint(event: ChainedEvent, number: number, keys?: AuditKeys): Checkpoint | Damage {
  const { data } = Data.safeParse(event.data);
  if (data === undefined) return damaged(number, 'checkpoint-wrong', "is a checkpoint that can't be read");
  const signature = keys === undefined ? 'valid' : judgeSignature(data, keys);
  if (signature === 'invalid') return damaged(number, 'signature-wrong');
  if (signature === 'unknown-key') return damaged(number, 'unknown-key');
  return { event, data, number };
}

export interface Checkpoints {
  /** Counts an event that was found in order; after a checkpoint it counts anew. */
  add(event: ChainedEvent, number: number): void;
  judge(event: ChainedEvent, number: number, next?: Entry | Unreadable): Damage | undefined;
  readonly last: Checkpoint | undefined;
  readonly count: number;
  /** The first number that the log keeps, by the checkpoints of it. */
  readonly keptFrom: number;
  /** Whether one of them says that the log may begin where it does. */
  readonly vouched: boolean;
}

/** Follows the checkpoints of a log that is read from `start` on, behind an event of that hash. */
export function createCheckpoints(start: number, before: string, keys?: AuditKeys): Checkpoints {
  let tally: Tally = createTally(start);
  let last: Checkpoint | undefined;
  let count = 0;
  let keptFrom = 1;
  let vouched = false;

  function judge(event: ChainedEvent, number: number, next?: Entry | Unreadable): Damage | undefined {
    const read = readCheckpoint(event, number, keys);
    if ('outcome' in read) return read;
    const fault = findFault(read);
    if (fault === 'head' && !isForeign(read, next)) return tellRehashed(read);
    if (fault !== undefined) {
      return damaged(number, 'checkpoint-wrong', `is a checkpoint whose ${fault} disagrees with the log`);
    }
    last = read;
    count += 1;
    keptFrom = Math.max(keptFrom, Number(read.data.first));
    vouched ||= Number(read.data.first) === start && read.data.first_prevhash === before;
    return undefined;
  }

  /** Whether what follows shows that the checkpoint itself was touched, not the events that it covers. */
  function isForeign({ event, data, number }: Checkpoint, next?: Entry | Unreadable): boolean {
    if (keys !== undefined && Number(data.to) === number - 1) return false;
    return next?.event !== undefined && next.event.prevhash !== event.hash;
  }

  function tellRehashed({ data, number }: Checkpoint): Damage {
    const { lowest, highest } = tally.narrow(data.types);
    const until = Number(data.to) === number - 1 ? highest : number;
    return damagedWithin(lowest, until, 're-hashed', `was changed, and all after it hashed anew: ${number} tells`);
  }

  function findFault({ event, data, number }: Checkpoint): keyof CheckpointData | undefined {
    if (data.head !== event.prevhash) return 'head';
    if (Number(data.to) !== number - 1) return 'to';
    if (Number(data.first) < keptFrom || Number(data.first) > number) return 'first';
    if (last && data.log_id !== last.data.log_id) return 'log_id';
    // Of a log that is read from its middle on, the first checkpoint covers more than was seen.
    if (last === undefined && start > 1) return undefined;
    if (Number(data.from) !== (last?.number ?? 1)) return 'from';
    return tally.equals(data.types) ? undefined : 'types';
  }

  return {
    add(event, number) {
      if (event.type === checkpointType) tally = createTally(number);
      tally.add(event.type, event.hash, number);
    },
    judge,
    get last() {
      return last;
    },
    get count() {
      return count;
    },
    get keptFrom() {
      return keptFrom;
    },
    get vouched() {
      return vouched;
    },
  };
}
