// Starts everything in the order of need (data folder, keys, database, schemas, then the parts at once) and stops it in
// reverse: the gateway first, so that what it began finishes; then users and otp; then the database; the data folder is
// given up last. A stop may come at any step: what was opened by then is closed the same way.
import { checkDatabase } from './check-database.ts';
import { choosePorts } from './choose-ports.ts';
import type { SupervisorConfig } from './config.ts';
import { openDataFolder } from './data-folder.ts';
import { keepPostgres } from './keep-postgres.ts';
import { openKeys } from './keys.ts';
import { migrateAll } from './migrations.ts';
import { type Part, type PartVoices, startPart } from './part.ts';
import { createPartEnvironment, type Installation, type PartName } from './part-environment.ts';
import { createWelcome } from './welcome.ts';

const scripts = { users: 'services/users/main.ts', otp: 'services/otp/main.ts', gateway: 'gateway/main.ts' };

/** What holds processes: ended at once when the operator won't wait. */
export type Killable = { kill(): void };

export interface Surroundings extends PartVoices {
  env: NodeJS.ProcessEnv;
  stop: AbortSignal;
  processes: Set<Killable>;
  print: (text: string) => void;
}

/** Resolves when a stop was asked for and everything has ended. @throws StartError when it can't start */
export async function supervise(config: SupervisorConfig, around: Surroundings): Promise<void> {
  await using opened = new AsyncDisposableStack();
  const { env, stop, log } = around;
  if (stop.aborted) return;
  const folder = opened.adopt(await openDataFolder(config.dataFolder), (it) => it.close());
  const ports = await choosePorts(config, folder.abandoned ? 15_000 : 0);
  const keys = await openKeys(folder.path);
  if (stop.aborted) return;
  if (config.databaseUrl !== undefined) await checkDatabase(config.databaseUrl);
  if (config.redisUrl !== undefined) {
    // Loaded only where it is needed: its client is 15 MB.
    const { checkRedis } = await import('./check-redis.ts');
    await checkRedis(config.redisUrl);
  }
  if (stop.aborted) return;
  const databaseUrl = config.databaseUrl ?? (await openDatabase());
  if (stop.aborted) return;
  await migrateAll(databaseUrl);
  if (stop.aborted) return;

  const { host, dataFolder } = config;
  const installation: Installation = { env, keys, host, ports, databaseUrl, dataFolder };
  const users = start('users');
  const otp = start('otp');
  opened.defer(async () => void (await Promise.all([users.stop(), otp.stop()])));
  const gateway = opened.adopt(start('gateway'), (it) => it.stop());
  const serving = Promise.all([users.ready, otp.ready, gateway.ready]);
  const ready = await Promise.race([serving, whenAborted(stop)]);
  if (ready) around.print(createWelcome({ users: ready[0], otp: ready[1], gateway: ready[2] }));
  await whenAborted(stop);

  function start(name: PartName): Part {
    const part = startPart(name, scripts[name], createPartEnvironment(name, installation), around);
    around.processes.add(part);
    return part;
  }

  async function openDatabase(): Promise<string> {
    const server = await keepPostgres({ folder: `${folder.path}/postgres`, password: keys.POSTGRES_PASSWORD, log });
    around.processes.add(opened.adopt(server, (it) => it.close()));
    return server.url;
  }
}

function whenAborted(signal: AbortSignal): Promise<undefined> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve(undefined);
    signal.addEventListener('abort', () => resolve(undefined), { once: true });
  });
}
