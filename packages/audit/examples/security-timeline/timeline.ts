// A row for each event about somebody's security, and alerts: at once for a code that was used twice, and for 10 failures
// of one account within 5 minutes, once in 5 minutes. Rows and alerts are written in the store's transaction, so each is
// there exactly once.
import type { AuditEvent, AuditEventType, Handlers, PostgresTools, Queries } from '@sallyport/audit';

export interface Alert {
  rule: 'code-replayed' | 'many-failures';
  subject: string | null;
  time: string;
  failures: number;
}

interface TimelineOptions {
  alert: (alert: Alert) => void;
}

const manyFailures = 10;
const windowMinutes = 5;

const types = [
  'sallyport.login.succeeded',
  'sallyport.login.failed',
  'sallyport.otp.enabled',
  'sallyport.otp.disabled',
  'sallyport.otp.failed',
  'sallyport.otp.replayed',
  'sallyport.otp.locked',
  'sallyport.otp.reset',
  'sallyport.recovery_code.used',
  'sallyport.password.changed',
  'sallyport.session.reuse_detected',
  'sallyport.device.added',
  'sallyport.user.locked',
  'sallyport.user.unlocked',
  'sallyport.user.roles_changed',
] as const satisfies AuditEventType[];

const failures: readonly string[] = ['sallyport.login.failed', 'sallyport.otp.failed'];

export async function prepareTimeline(db: Queries): Promise<void> {
  await db.query(`
    create table if not exists timeline (
      id uuid primary key, time timestamptz not null, type text not null, outcome text not null, reason text,
      subject uuid, username text, ip text, count int not null);
    create index if not exists timeline_subject on timeline (subject, time);
    create table if not exists alert (
      id bigint generated always as identity primary key, rule text not null, subject uuid,
      time timestamptz not null, failures int not null);`);
}

/** A handler for each type of the timeline. */
export function followTimeline({ alert }: TimelineOptions): Handlers<PostgresTools> {
  const handle = async (event: AuditEvent, { tx }: PostgresTools) => {
    await addRow(tx, event);
    const found = await findAlert(tx, event);
    if (found === undefined) return;
    await tx.query('insert into alert (rule, subject, time, failures) values ($1, $2, $3, $4)', [
      found.rule,
      found.subject,
      found.time,
      found.failures,
    ]);
    alert(found);
  };
  return Object.fromEntries(types.map((type) => [type, handle]));
}

async function addRow(tx: Queries, { id, time, type, subject, data }: AuditEvent): Promise<void> {
  await tx.query(
    `insert into timeline (id, time, type, outcome, reason, subject, username, ip, count)
     values ($1, $2, $3, $4, $5, $6, $7, $8, $9)`,
    [
      id,
      time,
      type,
      data.outcome,
      data.reason,
      subject ?? null,
      data.personal?.username ?? null,
      data.personal?.ip ?? null,
      data.count ?? 1,
    ],
  );
}

async function findAlert(tx: Queries, event: AuditEvent): Promise<Alert | undefined> {
  const { type, time, subject = null, data } = event;
  if (type === 'sallyport.otp.replayed') return { rule: 'code-replayed', subject, time, failures: data.count ?? 1 };
  if (!failures.includes(type) || subject === null) return undefined;
  const { rows } = await tx.query(
    `select sum(count)::int as failures, exists (
       select from alert where rule = 'many-failures' and subject = $1 and time > $2::timestamptz - $3::interval) as told
     from timeline where subject = $1 and type = any($4) and time > $2::timestamptz - $3::interval`,
    [subject, time, `${windowMinutes} minutes`, failures],
  );
  const count = Number(rows[0]?.failures);
  return count >= manyFailures && rows[0]?.told === false
    ? { rule: 'many-failures', subject, time, failures: count }
    : undefined;
}
