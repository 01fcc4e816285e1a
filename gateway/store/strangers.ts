import { Unavailable } from '@sallyport/contracts';
import { type RedisClient, redisCall } from '@sallyport/redis';
import { z } from 'zod';

/*
 * Wrong passwords in a row of an account in the lane of strangers, names that nobody has included. From the limit on two
 * tries a minute are let in: one for the addresses that failed on it within a day, one for all others, so that who guesses
 * keeps the owner out of his account no longer than a minute. There an IPv6 address is its /48: whoever has one of those
 * has 65536 networks to come from, each of them new. A try is counted before the password is looked at; a right one ends
 * the row up to its own number, so that guesses in flight still count. No number is given out twice: tries that came to
 * no verdict are counted apart, from the latest right one on. What few wrong ones leave lapses with the other limits;
 * guessing slowly enough for that is slower than two a minute.
 */

type Admission = { outcome: 'limited'; retryAfterSeconds: number } | { outcome: 'admitted'; number: number };

/** `site` is what the pace knows an address by: its /48, or itself. */
export interface Strangers {
  /** Counts a try; at the limit it may have to wait. */
  admit(name: string, address: string, site: string): Promise<Admission>;
  /** It was right: the row ends with it. */
  accept(name: string, number: number, address: string, site: string): Promise<void>;
  /** It came to no verdict. */
  withdraw(name: string, number: number): Promise<void>;
  /** The addresses that failed on this account within a day, and their sites. */
  addresses(name: string): Promise<string[]>;
  forget(name: string): Promise<void>;
}

export const paceSeconds = 60;
const daySeconds = 86_400;
const fewWrong = 10;
const fewSeconds = 600;
/** Of more addresses than these the oldest count as others. */
const mostAddresses = 2_000;

/** KEYS: count, addresses, pace of those that failed, pace of the others; ARGV: limit, address, site. */
const admit = `
local now = tonumber(redis.call('TIME')[1])
local tries = tonumber(redis.call('HGET', KEYS[1], 'tries') or 0)
local right = tonumber(redis.call('HGET', KEYS[1], 'right') or 0)
local wrong = tries - right - tonumber(redis.call('HGET', KEYS[1], 'withdrawn') or 0)
if wrong >= tonumber(ARGV[1]) then
  local failed = redis.call('ZSCORE', KEYS[2], ARGV[3])
  local pace = KEYS[4]
  if failed and tonumber(failed) > now - ${daySeconds} then pace = KEYS[3] end
  if not redis.call('SET', pace, '1', 'NX', 'EX', ${paceSeconds}) then return {0, redis.call('TTL', pace)} end
end
local number = redis.call('HINCRBY', KEYS[1], 'tries', 1)
redis.call('ZADD', KEYS[2], now, ARGV[2], now, ARGV[3])
redis.call('ZREMRANGEBYRANK', KEYS[2], 0, -${mostAddresses + 1})
local life = wrong < ${fewWrong} and ${fewSeconds} or ${daySeconds}
redis.call('EXPIRE', KEYS[1], life)
redis.call('EXPIRE', KEYS[2], life)
return {1, number}`;

/** A number above the row's is of a row that was forgotten meanwhile. */
const isOfRow = `tonumber(redis.call('HGET', KEYS[1], 'right') or 0) < tonumber(ARGV[1])
  and tonumber(ARGV[1]) <= tonumber(redis.call('HGET', KEYS[1], 'tries') or 0)`;

const accept = `
if ${isOfRow} then
  redis.call('HSET', KEYS[1], 'right', ARGV[1])
  redis.call('HDEL', KEYS[1], 'withdrawn')
end
redis.call('ZREM', KEYS[2], ARGV[2], ARGV[3])`;

const withdraw = `
if ${isOfRow} then
  redis.call('HINCRBY', KEYS[1], 'withdrawn', 1)
end`;

const Admitted = z.tuple([z.int(), z.int()]);

/** @param slowAfter wrong passwords in a row; 0 turns the limit off, but not the count, by which an unlock finds the addresses */
export function createStrangers(redis: RedisClient | undefined, slowAfter: number): Strangers {
  const limit = slowAfter === 0 ? Number.MAX_SAFE_INTEGER : slowAfter;
  return redis ? createStrangersInRedis(redis, limit) : createStrangersInMemory(limit);
}

function createStrangersInRedis(redis: RedisClient, limit: number): Strangers {
  const key = (name: string, what: string) => `strangers:{${name}}:${what}`;
  const counts = (name: string) => [key(name, 'count'), key(name, 'addresses')] as const;
  const paces = (name: string) => [key(name, 'failed'), key(name, 'others')] as const;
  return {
    async admit(name, address, site) {
      const answer = await redisCall(
        redis.eval(admit, 4, ...counts(name), ...paces(name), String(limit), address, site),
      );
      const read = Admitted.safeParse(answer);
      if (!read.success) throw new Unavailable('redis', { cause: new Error('an admission that is none') });
      const [admitted, value] = read.data;
      if (admitted === 1) return { outcome: 'admitted', number: value };
      return { outcome: 'limited', retryAfterSeconds: Math.max(1, value) };
    },
    accept: async (name, number, address, site) =>
      void (await redisCall(redis.eval(accept, 2, ...counts(name), String(number), address, site))),
    withdraw: async (name, number) =>
      void (await redisCall(redis.eval(withdraw, 1, key(name, 'count'), String(number)))),
    addresses: (name) => redisCall(redis.zrange(key(name, 'addresses'), '0', '-1')),
    forget: async (name) => void (await redisCall(redis.del(...counts(name), ...paces(name)))),
  };
}

interface Row {
  tries: number;
  right: number;
  withdrawn: number;
  addresses: Map<string, number>;
  paces: { failed: number; others: number };
  until: number;
}

const mostNames = 20_000;

/** For the one gateway that runs without Redis. Of more names than it remembers the oldest go. */
function createStrangersInMemory(limit: number): Strangers {
  const rows = new Map<string, Row>();
  const seconds = () => performance.now() / 1_000;

  function find(name: string): Row | undefined {
    const row = rows.get(name);
    return row && row.until > seconds() ? row : undefined;
  }

  return {
    async admit(name, address, site) {
      const now = seconds();
      const row = find(name) ?? {
        tries: 0,
        right: 0,
        withdrawn: 0,
        addresses: new Map(),
        paces: { failed: 0, others: 0 },
        until: 0,
      };
      const wrong = row.tries - row.right - row.withdrawn;
      if (wrong >= limit) {
        const pace = (row.addresses.get(site) ?? Number.NEGATIVE_INFINITY) > now - daySeconds ? 'failed' : 'others';
        if (row.paces[pace] > now) return { outcome: 'limited', retryAfterSeconds: Math.ceil(row.paces[pace] - now) };
        row.paces[pace] = now + paceSeconds;
      }
      row.tries += 1;
      for (const place of [address, site]) {
        row.addresses.delete(place);
        row.addresses.set(place, now);
        if (row.addresses.size > mostAddresses) dropFirst(row.addresses);
      }
      row.until = now + (wrong < fewWrong ? fewSeconds : daySeconds);
      rows.delete(name);
      rows.set(name, row);
      if (rows.size > mostNames) dropFirst(rows);
      return { outcome: 'admitted', number: row.tries };
    },
    async accept(name, number, address, site) {
      const row = find(name);
      if (!row) return;
      if (row.right < number && number <= row.tries) Object.assign(row, { right: number, withdrawn: 0 });
      for (const place of [address, site]) row.addresses.delete(place);
    },
    async withdraw(name, number) {
      const row = find(name);
      if (row && row.right < number && number <= row.tries) row.withdrawn += 1;
    },
    addresses: async (name) => [...(find(name)?.addresses.keys() ?? [])],
    forget: async (name) => void rows.delete(name),
  };
}

function dropFirst(map: Map<string, unknown>): void {
  for (const first of map.keys()) return void map.delete(first);
}
