import type { Queryable } from '@sallyport/postgres';
import { until } from './until.ts';

/** Moves what was counted in the present minute into one that is over, each row into one of its own. */
export const endMinutes = `
  update gateway.fold f set minute = clock_timestamp() - interval '1 hour' * (1 + random())
  from (
    select minute, key from gateway.fold where minute > clock_timestamp() - interval '2 minutes'
    order by minute, key for update) as present
  where f.minute = present.minute and f.key = present.key`;

/** Waits until enough of the minute is left, by Postgres's clock, for what must happen within one. */
export async function untilMinuteIsYoung(db: Pick<Queryable, 'query'>): Promise<void> {
  const young = `select from (select extract(second from clock_timestamp()) as now) as t where now < 45`;
  await until(async () => (await db.query(young)).length === 1, 'a minute begins', 20_000);
}
