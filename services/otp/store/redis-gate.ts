import { Unavailable } from '@sallyport/contracts';
import { isReachable, openRedis, pingRedis, redisCall, whenEvicting, whenReady } from '@sallyport/redis';
import type { CodeGate } from './code-gate.ts';

const releaseOwn = `if redis.call('get', KEYS[1]) == ARGV[1] then return redis.call('del', KEYS[1]) end return 0`;

export async function openRedisGate(options: {
  url: string;
  prefix: string;
  ttlSeconds: number;
  measure: (seconds: number) => void;
  onError: (error: Error) => void;
  onEvicting: (policy: string) => void;
}): Promise<CodeGate> {
  const { ttlSeconds, onError } = options;
  const client = openRedis(options);
  whenEvicting(client, options.onEvicting);
  await whenReady(client);
  const keyOf = (userId: string, step: number) => `used:{${userId}}:${step}`;
  return {
    requireReady(userId) {
      if (!isReachable(client, keyOf(userId, 0))) throw new Unavailable('redis', { cause: new Error('not connected') });
    },
    async take(userId, step, token) {
      const answer = await redisCall(client.set(keyOf(userId, step), token, 'EX', ttlSeconds, 'NX'));
      if (answer !== 'OK' && answer !== null) throw new Unavailable('redis', { cause: new Error('unusable answer') });
      return answer === 'OK';
    },
    async release(userId, step, token) {
      try {
        await client.eval(releaseOwn, 1, keyOf(userId, step), token);
      } catch (error) {
        onError(error as Error);
      }
    },
    ping: () => pingRedis(client),
    async close() {
      client.disconnect();
    },
  };
}
