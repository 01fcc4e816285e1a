import { endMinutes } from '../../gateway/audit/testing/folds.ts';
import { until } from '../../gateway/audit/testing/until.ts';
import type { Stack } from './stack.ts';

/** An event as the log holds it. */
export interface LoggedEvent {
  type: string;
  subject?: string;
  sequence: string;
  data: { outcome: string; reason: string | null; count: number | null; session_id: string | null };
}

/** Waits until everything recorded by now has its number, and the flags have followed; for what was folded the minute ends. */
export async function waitForLog(stack: Pick<Stack, 'sql'>): Promise<void> {
  const left = `select
    (select count(*) from gateway.fold where seen > 60) + (select count(*) from gateway.outbox) + (select sequence from gateway.audit_head)
    - (select sequence from gateway.cursor where name = 'projector')
    + (select count(*) from users.outbox where acknowledged_at is null)
    + (select count(*) from otp.outbox where acknowledged_at is null) as left`;
  const isEmpty = async () => {
    await stack.sql(endMinutes);
    return (await stack.sql<{ left: number }>(left))[0]?.left === 0;
  };
  await until(isEmpty, 'every event has its number', 30_000);
}

/** The numbered events of an account, or of everybody, in order. */
export async function readLog(stack: Stack, subject?: string): Promise<LoggedEvent[]> {
  await waitForLog(stack);
  const rows = await stack.sql<{ body: string }>(
    'select body from gateway.audit_event where $1::uuid is null or subject = $1 order by sequence',
    [subject ?? null],
  );
  return rows.map((row) => JSON.parse(row.body));
}

/** The sum of `count` over an account's events of these types (without `sallyport.`). */
export async function countEvents(stack: Stack, subject: string, ...types: string[]): Promise<number> {
  const events = await readLog(stack, subject);
  const counted = events.filter((event) => types.includes(event.type.replace('sallyport.', '')));
  return counted.reduce((sum, event) => sum + (event.data.count ?? 1), 0);
}
