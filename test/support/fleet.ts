// Two instances of each part, and a place for a third one, behind HAProxy, with the delays of docker-compose.yml. Gateways call all
// instances of a service, whether they run or not; HAProxy knows all gateways.
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createMigratedDatabase } from './migrated-database.ts';
import { createPartProcess, type PartName, type PartProcess } from './part-process.ts';
import { createPartsEnvironment } from './process-stack.ts';
import { startHaproxy } from './servers/haproxy.ts';
import { openLifeline } from './servers/lifeline.ts';

export type Fleet = AsyncDisposable & {
  /** The way in. */
  url: string;
  /** Three of each, of which the third doesn't run. */
  parts: Record<PartName, PartProcess[]>;
};

export async function startFleet(): Promise<Fleet> {
  await using opened = new AsyncDisposableStack();
  const database = opened.use(await createMigratedDatabase());
  const lifeline = openLifeline(mkdtempSync(join(tmpdir(), 'sallyport-fleet-')));
  opened.defer(() => lifeline.close());
  const all: PartProcess[] = [];
  opened.defer(async () => {
    await Promise.all(all.map((part) => part.kill()));
  });
  const env: Record<string, string> = { ...createPartsEnvironment(database.url), STOP_DELAY_SECONDS: '4' };
  const create = (name: PartName, more: Record<string, string>) =>
    Promise.all(
      [1, 2, 3].map(async () => {
        const follow = () => lifeline.follow(...all.flatMap((part) => part.pid() ?? []));
        const part = await createPartProcess(name, { ...env, ...more }, follow);
        all.push(part);
        return part;
      }),
    );
  const users = await create('users', { SERVICE_SECRETS: env.USERS_SERVICE_SECRETS ?? '' });
  const otp = await create('otp', { SERVICE_SECRETS: env.OTP_SERVICE_SECRETS ?? '' });
  const urlsOf = (parts: PartProcess[]) => parts.map(({ url }) => url).join(',');
  const gateway = await create('gateway', {
    USERS_URL: urlsOf(users),
    OTP_URL: urlsOf(otp),
    TRUSTED_PROXIES: '127.0.0.1',
  });
  await Promise.all([users, otp, gateway].flatMap((three) => three.slice(0, 2)).map((part) => part.start()));
  const { url } = opened.use(await startHaproxy(gateway));
  const closing = opened.move();
  return { url, parts: { users, otp, gateway }, [Symbol.asyncDispose]: () => closing.disposeAsync() };
}
