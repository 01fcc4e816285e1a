// What is measured: the stores, and users, otp and gateway each as one process with the environment that `npm start`
// would give it. No limit per address stands in the way, since all load comes from one, and the code window is wider than
// usual, since an account can use each time step once.
import { resolve } from 'node:path';
import { generateKeys } from '../../supervisor/generate-keys.ts';
import { createPartEnvironment, type PartName } from '../../supervisor/part-environment.ts';
import { findFreePort } from '../../test/support/servers/free-port.ts';
import { openStores, type Stores } from './open-stores.ts';
import { type PartProcess, startPart } from './start-part.ts';

/** Each step is a code more for a load account, and two more to match at every login. */
export const windowSteps = 3;

export interface System extends AsyncDisposable {
  url: string;
  stores: Stores;
  parts: Record<PartName, PartProcess>;
}

export async function startSystem(options: {
  folder: string;
  cost: number;
  limits: boolean;
  profileFolder: string | undefined;
  /** Variables beside those that every run has. */
  env?: Record<string, string>;
}): Promise<System> {
  await using opened = new AsyncDisposableStack();
  const stores = opened.use(await openStores(options.folder));
  const addressLimit = options.limits ? '1000000000' : '0';
  const installation = {
    env: {
      PATH: process.env.PATH,
      REDIS_URL: stores.redis.url,
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
    ports: {
      users: { http: await findFreePort(), ops: 0 },
      otp: { http: await findFreePort(), ops: 0 },
      gateway: { http: await findFreePort(), ops: 0 },
    },
    databaseUrl: stores.postgres.url,
  };
  const { profileFolder } = options;
  const nodeArgs = profileFolder === undefined ? [] : ['--cpu-prof', `--cpu-prof-dir=${resolve(profileFolder)}`];
  const start = async (name: PartName) =>
    opened.adopt(await startPart(name, createPartEnvironment(name, installation), nodeArgs), (part) => part.close());
  const users = await start('users');
  const otp = await start('otp');
  const gateway = await start('gateway');
  const all = opened.move();
  return {
    url: gateway.url,
    stores,
    parts: { users, otp, gateway },
    [Symbol.asyncDispose]: () => all.disposeAsync(),
  };
}
