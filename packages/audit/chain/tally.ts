import { createHash, type Hash } from 'node:crypto';
import type { CheckpointData } from '../event/checkpoint-data.ts';

type Types = CheckpointData['types'];

/** What a checkpoint must say under `types`, counted event by event. */
export interface Tally {
  add(type: string, hash: string, number: number): void;
  equals(types: Types): boolean;
  /** Where the first event lies whose hash the checkpoint knows otherwise. */
  narrow(types: Types): { lowest: number; highest: number };
}

/** Counts the events from `start` on. */
export function createTally(start: number): Tally {
  const counted = new Map<string, { count: number; hashes: Hash; last: number }>();
  let end = start;

  function agrees(type: string, said: Types[string] | undefined): boolean {
    const found = counted.get(type);
    return found !== undefined && found.count === said?.count && found.hashes.copy().digest('hex') === said.digest;
  }

  return {
    add(type, hash, number) {
      const known = counted.get(type) ?? { count: 0, hashes: createHash('sha256'), last: number };
      known.count += 1;
      known.hashes.update(hash);
      known.last = number;
      counted.set(type, known);
      end = number;
    },
    equals: (types) =>
      Object.keys(types).length === counted.size && Object.entries(types).every(([type, said]) => agrees(type, said)),
    narrow(types) {
      let [lowest, highest] = [start, end];
      for (const [type, { count, last }] of counted) {
        if (agrees(type, types[type])) lowest = Math.max(lowest, last + 1);
        else if (count === types[type]?.count) highest = Math.min(highest, last);
      }
      return { lowest: Math.min(lowest, end), highest: Math.max(highest, lowest) };
    },
  };
}
