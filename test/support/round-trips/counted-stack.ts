import { findFreePort } from '../servers/free-port.ts';
import { type Stack, startStack } from '../stack.ts';
import { leadElsewhere, openWays, type Ways } from './open-ways.ts';

/** The stack, with every way between its parts and to their stores counted; all limits are on. */
export async function startCountedStack(): Promise<AsyncDisposable & { stack: Stack; ways: Ways }> {
  await using opened = new AsyncDisposableStack();
  const { TEST_DATABASE_URL = '', TEST_REDIS_URL } = process.env;
  const ports = { users: await findFreePort(), otp: await findFreePort() };
  const ways = opened.use(
    await openWays({
      databaseUrl: TEST_DATABASE_URL,
      redisUrl: TEST_REDIS_URL || 'memory:',
      usersUrl: `http://127.0.0.1:${ports.users}`,
      otpUrl: `http://127.0.0.1:${ports.otp}`,
    }),
  );
  const { databaseUrl, redisUrl, usersUrl, otpUrl } = ways.addresses;
  const stack = await startStack({
    env: {
      ADDRESS_FAILURES: '100',
      USERS_PORT: String(ports.users),
      OTP_PORT: String(ports.otp),
      USERS_URL: usersUrl,
      OTP_URL: otpUrl,
      REDIS_URL: redisUrl,
    },
    async prepareDatabase(url) {
      await leadElsewhere(url);
      return Object.assign(new URL(url), { host: new URL(databaseUrl).host }).href;
    },
  });
  opened.use(stack);
  const all = opened.move();
  return { stack, ways, [Symbol.asyncDispose]: () => all.disposeAsync() };
}
