import { createHash } from 'node:crypto';
import { type RedisClient, redisCall } from './open-redis.ts';

/** A Lua script, sent by its hash; its text goes along only where Redis doesn't know it yet. */
export type Script = (keys: readonly string[], values: readonly (string | number)[]) => Promise<unknown>;

export function createScript(redis: RedisClient, text: string): Script {
  const hash = createHash('sha1').update(text).digest('hex');
  return (keys, values) =>
    redisCall(
      redis
        .evalsha(hash, keys.length, ...keys, ...values)
        .catch((error: unknown) =>
          isUnknownScript(error) ? redis.eval(text, keys.length, ...keys, ...values) : Promise.reject(error),
        ),
    );
}

/** Redis ran nothing then, so that sending it again changes nothing twice. */
function isUnknownScript(error: unknown): boolean {
  return error instanceof Error && error.message.startsWith('NOSCRIPT');
}
