/*
 * Resets of factors: pending -> approved -> done, or void. Each step is one conditional statement, so that of any number
 * of calls at once one takes it. A request lives 24 hours by Postgres's clock.
 */
import type { Queryable } from '@sallyport/postgres';
import type { Recording } from '../audit/store/outbox.ts';

export interface NewReset {
  id: string;
  userId: string;
  factorVersion: number;
  reason: string;
  /** Null: the operator. */
  requestedBy: string | null;
  /** Without waiting for another admin. */
  approved: boolean;
}

export interface ApprovedReset {
  id: string;
  userId: string;
  factorVersion: number;
  reason: string;
  /** Null: the operator. */
  approvedBy: string | null;
}

interface ApprovedRow {
  id: string;
  user_id: string;
  factor_version: number;
  reason: string;
  approved_by: string | null;
}

const approvedColumns = 'id, user_id, factor_version, reason, approved_by';
const lifetime = `interval '24 hours'`;

/**
 * Makes a request, and records it. While the same admin's own for the same factor is pending, nothing is made; once that
 * has lapsed, the new one takes its place.
 */
export async function insertReset(db: Queryable, reset: NewReset, recording: Recording): Promise<string | undefined> {
  const [row] = await db.query<{ id: string }>(
    `with made as (
       insert into gateway.otp_reset as r
         (id, user_id, factor_version, reason, requested_by, state, approved_by, approved_at)
       select $1::uuid, $2::uuid, $3::bigint, $4::text, $5::uuid, case when $6 then 'approved' else 'pending' end,
         case when $6 then $5::uuid end, case when $6 then clock_timestamp() end
       on conflict (user_id, factor_version, requested_by) where state = 'pending' do update set
         id = excluded.id, reason = excluded.reason, requested_at = excluded.requested_at
       where r.requested_at <= clock_timestamp() - ${lifetime}
       returning id),
     ${recording.expressions(7, 'exists (select from made)')}
     select id from made`,
    [reset.id, reset.userId, reset.factorVersion, reset.reason, reset.requestedBy, reset.approved, ...recording.values],
  );
  return row?.id;
}

/** The admin's own request for that factor that still waits. */
export async function findPendingReset(
  db: Queryable,
  { userId, factorVersion, requestedBy }: Pick<NewReset, 'userId' | 'factorVersion' | 'requestedBy'>,
): Promise<string | undefined> {
  const [row] = await db.query<{ id: string }>(
    `select id from gateway.otp_reset
     where user_id = $1 and factor_version = $2 and requested_by = $3 and state = 'pending'
       and requested_at > clock_timestamp() - ${lifetime}`,
    [userId, factorVersion, requestedBy],
  );
  return row?.id;
}

/** Who asked for a reset, and for whom. */
export async function findReset(db: Queryable, id: string) {
  const [row] = await db.query<{ user_id: string; requested_by: string | null }>(
    'select user_id, requested_by from gateway.otp_reset where id = $1',
    [id],
  );
  return row && { userId: row.user_id, requestedBy: row.requested_by };
}

/** Approves a pending request, unless the approver asked for it or is the one it is for. */
export async function approveReset(db: Queryable, id: string, approver: string): Promise<ApprovedReset | undefined> {
  const [row] = await db.query<ApprovedRow>(
    `update gateway.otp_reset set state = 'approved', approved_by = $2, approved_at = clock_timestamp()
     where id = $1 and state = 'pending' and requested_by <> $2 and user_id <> $2 and user_id <> requested_by
       and requested_at > clock_timestamp() - ${lifetime}
     returning ${approvedColumns}`,
    [id, approver],
  );
  return row && toApproved(row);
}

/** What is approved and not carried out, the oldest first. */
export async function findApprovedResets(db: Queryable, limit: number): Promise<ApprovedReset[]> {
  const rows = await db.query<ApprovedRow>(
    `select ${approvedColumns} from gateway.otp_reset where state = 'approved' order by approved_at limit $1`,
    [limit],
  );
  return rows.map(toApproved);
}

/** Ends an approved reset; false where that has been done. */
export async function settleReset(tx: Queryable, id: string, state: 'done' | 'void'): Promise<boolean> {
  const rows = await tx.query(
    `update gateway.otp_reset set state = $2, settled_at = clock_timestamp() where id = $1 and state = 'approved'
     returning 1`,
    [id, state],
  );
  return rows.length === 1;
}

function toApproved(row: ApprovedRow): ApprovedReset {
  return {
    id: row.id,
    userId: row.user_id,
    factorVersion: row.factor_version,
    reason: row.reason,
    approvedBy: row.approved_by,
  };
}
