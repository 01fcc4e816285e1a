// Redis can't hold a team's effect and the mark of an event in one transaction: the effect comes first, so a crash
// between the two repeats it. Effects behind this store must bear that.
import type { EventMark, Progress, Store } from './store.ts';

/** A client of `ioredis`, or anything with its `eval`. */
export interface RedisClient {
  eval(script: string, keyCount: number, ...args: (string | number)[]): Promise<unknown>;
}

const find = `return {redis.call('hmget', KEYS[1], 'sequence', 'hash', 'floor'), redis.call('hvals', KEYS[2])}`;

const wasTaken = `
  local floor = redis.call('hget', KEYS[1], 'floor')
  if floor and tonumber(ARGV[2]) <= tonumber(floor) then return 1 end
  return redis.call('hexists', KEYS[2], ARGV[1])`;

const mark = `
  local id, sequence, entry, floor = ARGV[1], tonumber(ARGV[2]), ARGV[3], tonumber(ARGV[4])
  local before = redis.call('hmget', KEYS[1], 'sequence', 'floor')
  if sequence > tonumber(before[1] or '0') then
    redis.call('hset', KEYS[1], 'sequence', ARGV[2], 'hash', cjson.decode(entry).hash)
  end
  if before[2] then floor = math.max(floor, tonumber(before[2])) end
  redis.call('hset', KEYS[1], 'floor', string.format('%.0f', floor))
  redis.call('hset', KEYS[2], id, entry)
  for _, seen in ipairs(redis.call('hvals', KEYS[2])) do
    local event = cjson.decode(seen)
    if event.sequence <= floor then redis.call('hdel', KEYS[2], event.id) end
  end`;

/** Keeps progress under two keys for each consumer. */
export function createRedisStore(redis: RedisClient, options: { prefix?: string } = {}): Store<object> {
  const { prefix = 'sallyport:consumer:' } = options;
  // The braces keep both keys on one node of a cluster.
  const keysOf = (consumer: string) => [`${prefix}{${consumer}}:position`, `${prefix}{${consumer}}:seen`];
  return {
    async open() {
      await redis.eval("return redis.call('ping')", 0);
    },
    async find(consumer) {
      const [[sequence, hash, floor], seen] = (await redis.eval(find, 2, ...keysOf(consumer))) as [
        (string | null)[],
        string[],
      ];
      if (sequence == null) return undefined;
      const marks: EventMark[] = seen.map((entry) => JSON.parse(entry));
      marks.sort((one, other) => one.sequence - other.sequence);
      return { sequence: Number(sequence), hash: String(hash), floor: Number(floor), seen: marks } satisfies Progress;
    },
    async take(consumer, event, floor, effect) {
      const keys = keysOf(consumer);
      const { id, sequence, type, hash } = event;
      if ((await redis.eval(wasTaken, 2, ...keys, id, sequence)) === 1) return false;
      await effect({});
      await redis.eval(mark, 2, ...keys, id, sequence, JSON.stringify({ id, sequence, type, hash }), floor);
      return true;
    },
  };
}
