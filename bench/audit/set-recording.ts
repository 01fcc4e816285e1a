import { openDb } from '@sallyport/postgres';

/** Has the outboxes take what is recorded, or swallow it as if it were nothing. */
export async function setRecording(databaseUrl: string, state: 'on' | 'off'): Promise<void> {
  const db = openDb({ url: databaseUrl, name: 'bench', max: 1 });
  try {
    await db.script(
      `create or replace function public.swallow() returns trigger language plpgsql as 'begin return null; end'`,
    );
    for (const schema of ['users', 'otp', 'gateway']) {
      await db.script(`drop trigger if exists bench_off on ${schema}.outbox`);
      if (state === 'on') continue;
      await db.script(`create trigger bench_off before insert on ${schema}.outbox
        for each row execute function public.swallow()`);
    }
  } finally {
    await db.close();
  }
}
