import { deletePages, type Queryable } from '@sallyport/postgres';
import type { Recording } from './outbox.ts';

/**
 * Notes that an account reads the log and records it, in one statement, once a minute; undefined where that minute has its
 * record. After a jump back of the clock it is recorded again.
 */
export async function noteReader(db: Queryable, userId: string, recording: Recording): Promise<true | undefined> {
  const rows = await db.query(
    `with noted as (
       insert into gateway.audit_reader as r (user_id, read_at) values ($1, clock_timestamp())
       on conflict (user_id) do update set read_at = clock_timestamp()
       where r.read_at not between clock_timestamp() - interval '1 minute' and clock_timestamp()
       returning user_id),
     ${recording.expressions(2, 'exists (select from noted)')}
     select user_id from noted`,
    [userId, ...recording.values],
  );
  return rows.length === 1 ? true : undefined;
}

/** Forgets who has read nothing for a day. */
export async function forgetReaders(db: Queryable): Promise<void> {
  await deletePages(db, 'gateway.audit_reader', `read_at < now() - interval '1 day'`);
}
