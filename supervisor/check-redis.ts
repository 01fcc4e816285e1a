import { parseRedisUrl } from '@sallyport/config';
import { isMemory, openRedis } from '@sallyport/redis';
import { StartError } from './start-error.ts';

const patienceMs = 3_000;

/**
 * Whether REDIS_URL leads to a Redis that answers: without one the parts would run and let nobody in.
 * @throws StartError saying why not, without credentials
 */
export async function checkRedis(url: string): Promise<void> {
  if (isMemory(url)) return;
  let fault = 'no answer';
  const client = openRedis({
    url,
    onError: ({ message }) => {
      fault = message || fault;
    },
  });
  const waited = Promise.withResolvers<boolean>();
  const overdue = setTimeout(() => waited.resolve(false), patienceMs);
  client.once('ready', () => waited.resolve(true));
  const found = await waited.promise;
  clearTimeout(overdue);
  client.disconnect();
  if (found) return;
  const hosts = parseRedisUrl(url).nodes.map(({ host, port }) => `${host}:${port}`);
  throw new StartError(`REDIS_URL: Redis at ${hosts.join(', ')} can't be reached (${fault}).`);
}
