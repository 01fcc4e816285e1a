import { randomFillSync } from 'node:crypto';

const pool = Buffer.alloc(65_536);
let used = pool.length;

/** Random bytes of the operating system, asked for by the pool: it takes a small part of the time of asking each time. */
export function randomPool(count: number): Buffer {
  if (used + count > pool.length) {
    randomFillSync(pool);
    used = 0;
  }
  used += count;
  return Buffer.from(pool.subarray(used - count, used));
}
