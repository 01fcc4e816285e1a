import { randomBytes as askedFor, randomFillSync } from 'node:crypto';

const pool = Buffer.alloc(4_096);
let used = pool.length;

/**
 * Bytes of OpenSSL's generator, which is asked for 4 KiB at a time: each question costs as much as the rest of an event, and
 * a login has a dozen. What is given out is wiped from the pool. So does Node.js with what becomes a `randomUUID`.
 */
export function randomBytes(count: number): Buffer {
  if (!(Number.isInteger(count) && count >= 0 && count <= pool.length)) return askedFor(count);
  if (used + count > pool.length) {
    randomFillSync(pool);
    used = 0;
  }
  const given = pool.subarray(used, used + count);
  const bytes = Buffer.from(given);
  given.fill(0);
  used += count;
  return bytes;
}
