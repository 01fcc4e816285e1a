// What is measured: the stores, and users, otp and gateway each as one process with the environment that `npm start`
// would give it. No limit per address stands in the way, since all load comes from one, and the code window is wider than
// usual, since an account can use each time step once.
import { resolve } from 'node:path';
import { generateKeys, type Keys } from '../../supervisor/generate-keys.ts';
import { createPartEnvironment, type PartName } from '../../supervisor/part-environment.ts';
import type { Addresses } from '../../test/support/round-trips/open-ways.ts';
import { findFreePort } from '../../test/support/servers/free-port.ts';
import { openStores, type Stores } from './open-stores.ts';
import { type PartProcess, startPart, watchLoop } from './start-part.ts';

/** Each step is a code more for a load account, and two more to match at every login. */
export const windowSteps = 3;

export interface System extends AsyncDisposable {
  url: string;
  stores: Stores;
  parts: Record<PartName, PartProcess>;
  /** Another gateway on the same stores, which the caller closes. */
  startGateway(env: Record<string, string>): Promise<PartProcess>;
}

/** What the parts will find in their database. */
export type Fill = (store: { databaseUrl: string; keys: Keys; publicUrl: string }) => Promise<void>;

export async function startSystem(options: {
  folder: string;
  cost: number;
  limits: boolean;
  profileFolder: string | undefined;
  /** Variables beside those that every run has. */
  env?: Record<string, string>;
  /** Called before a part starts; returns the addresses by which the parts go, their own by default. */
  reroute?: (direct: Addresses) => Promise<Addresses>;
  watchLoops?: boolean;
  fill?: Fill;
}): Promise<System> {
  await using opened = new AsyncDisposableStack();
  const stores = opened.use(await openStores(options.folder));
  const ports = {
    users: { http: await findFreePort(), ops: 0 },
    otp: { http: await findFreePort(), ops: 0 },
    gateway: { http: await findFreePort(), ops: 0 },
  };
  const direct: Addresses = {
    databaseUrl: stores.postgres.url,
    redisUrl: stores.redis.url,
    usersUrl: `http://127.0.0.1:${ports.users.http}`,
    otpUrl: `http://127.0.0.1:${ports.otp.http}`,
  };
  const { databaseUrl, redisUrl, usersUrl, otpUrl } = (await options.reroute?.(direct)) ?? direct;
  const addressLimit = options.limits ? '1000000000' : '0';
  const installation = {
    env: {
      PATH: process.env.PATH,
      REDIS_URL: redisUrl,
      LOG_LEVEL: 'warn',
      BCRYPT_COST: String(options.cost),
      OTP_WINDOW: String(windowSteps),
      PASSWORD_TRIES_PER_ADDRESS: addressLimit,
      ADDRESS_FAILURES: addressLimit,
      SIGNUPS_PER_ADDRESS: addressLimit,
      // A run may last longer than a token of ten minutes.
      ACCESS_TOKEN_SECONDS: '7200',
      SESSION_IDLE_SECONDS: '7200',
      ...options.env,
    },
    keys: generateKeys(),
    host: '127.0.0.1',
    ports,
    databaseUrl,
  };
  const { keys } = installation;
  await options.fill?.({ databaseUrl: direct.databaseUrl, keys, publicUrl: `http://127.0.0.1:${ports.gateway.http}` });
  const { profileFolder } = options;
  const profile = profileFolder === undefined ? [] : ['--cpu-prof', `--cpu-prof-dir=${resolve(profileFolder)}`];
  const nodeArgs = [...profile, ...(options.watchLoops ? watchLoop : [])];
  const environmentOf = (name: PartName) => ({
    ...createPartEnvironment(name, installation),
    USERS_URL: usersUrl,
    OTP_URL: otpUrl,
  });
  const start = async (name: PartName) =>
    opened.adopt(await startPart(name, environmentOf(name), nodeArgs), (part) => part.close());
  const users = await start('users');
  const otp = await start('otp');
  const gateway = await start('gateway');
  const all = opened.move();
  return {
    url: gateway.url,
    stores,
    parts: { users, otp, gateway },
    startGateway: (env) => startPart('gateway', { ...environmentOf('gateway'), GATEWAY_PORT: '0', ...env }, nodeArgs),
    [Symbol.asyncDispose]: () => all.disposeAsync(),
  };
}
