import { openDb } from '@sallyport/postgres';
import type { RingName } from './generate-keys.ts';

const queries: Partial<Record<RingName, string>> = {
  PASSWORD_PEPPERS: 'select count(*)::int as rows from users.account where pepper_id = $1',
  OTP_ENCRYPTION_KEYS: `select count(*)::int as rows from (
    select from otp.factor where key_id = $1
    union all select from otp.enrolment where key_id = $1
    union all select from otp.recovery_set where key_id = $1) as named`,
  AUDIT_SIGNING_KEYS: `select count(*)::int as rows from gateway.audit_log
    where type = 'sallyport.audit.checkpoint' and body::json #>> '{data,kid}' = $1`,
};

export const isNamedByRows = (name: RingName) => queries[name] !== undefined;

/** How many rows need a key. */
export async function countKeyRows(url: string, name: RingName, id: string): Promise<number> {
  const db = openDb({ url, name: 'sallyport-keys', onError: () => {} });
  try {
    const [row] = await db.query<{ rows: number }>(queries[name] ?? 'select 0 as rows where $1::text is not null', [
      id,
    ]);
    if (!row) throw new Error('the database counted nothing');
    return row.rows;
  } finally {
    await db.close();
  }
}
