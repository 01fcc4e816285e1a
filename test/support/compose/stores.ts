// The stores of docker-compose.yml, as far as they are here: Redis by its service's own command, the others as given.
import { connect } from 'amqplib';
import { Redis } from 'ioredis';
import { forgetExchange } from '../broker.ts';
import { findServers, getServer } from '../servers/find-servers.ts';
import { findFreePort } from '../servers/free-port.ts';
import { startServer, type TestServer } from '../servers/server.ts';
import { createServerFolder } from '../servers/server-folder.ts';
import { type ComposeService, environmentOf, interpolate, type Variables } from './compose-file.ts';

export const storesMissing: string | false = !process.env.TEST_DATABASE_URL
  ? 'TEST_DATABASE_URL is not set'
  : !process.env.TEST_REDIS_URL
    ? 'several processes need a Redis (TEST_REDIS_URL is not set)'
    : (findServers().redis.missing ?? false);

/** Runs the service's command with the server that is installed here, on a free port. */
export async function startComposeRedis(service: ComposeService, variables: Variables): Promise<TestServer> {
  const folder = createServerFolder('redis');
  const port = await findFreePort();
  const [command = '', ...args] = interpolate(service.command ?? [], variables);
  const here = `${getServer('redis')} - --bind 127.0.0.1 --port ${port} --dir ${folder}`;
  const url = `redis://:${variables.REDIS_PASSWORD}@127.0.0.1:${port}`;
  return await startServer({
    name: 'redis',
    url,
    folder,
    command,
    args: args.map((arg) => arg.replace('valkey-server -', here)),
    env: environmentOf(service, variables),
    stopSignal: 'SIGTERM',
    closeSignal: 'SIGKILL',
    startTimeoutMs: 20_000,
    isReady: () => answers(url),
  });
}

async function answers(url: string): Promise<boolean> {
  const redis = new Redis(url, { lazyConnect: true, maxRetriesPerRequest: 0, retryStrategy: () => null });
  redis.on('error', () => {});
  try {
    await redis.connect();
    return (await redis.ping()) === 'PONG';
  } catch {
    return false;
  } finally {
    redis.disconnect();
  }
}

/** The broker's exchange and stream bear fixed names: what wasn't there before goes afterwards. */
export async function borrowBroker(url: string): Promise<AsyncDisposable> {
  const names = { exchange: 'sallyport.audit', queue: 'sallyport.audit.all' };
  const hadThem = await hasExchange(url, names.exchange);
  return {
    async [Symbol.asyncDispose]() {
      if (!hadThem) await forgetExchange(url, names);
    },
  };
}

async function hasExchange(url: string, name: string): Promise<boolean> {
  const connection = await connect(url);
  try {
    const channel = await connection.createChannel();
    channel.on('error', () => {});
    await channel.checkExchange(name);
    return true;
  } catch {
    return false;
  } finally {
    await connection.close();
  }
}
