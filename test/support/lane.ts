import type { Stack } from './stack.ts';

/** An account's count of codes, as it stands in Postgres. */
export interface Lane {
  attempts: number;
  accepted_at: number;
  locked_until: Date | null;
}

/** A lane of an account: that of strangers, or of the device that a token stands for. */
export async function laneOf(stack: Stack, person: { id: string }, deviceToken?: string): Promise<Lane> {
  const rows = await stack.sql<Lane>(
    'select attempts, accepted_at, locked_until from otp.lane where user_id = $1 and lane = $2',
    [person.id, deviceToken?.split('.')[0] ?? 'strangers'],
  );
  return rows[0] ?? { attempts: 0, accepted_at: 0, locked_until: null };
}

/** Lets the time of a lock pass. */
export async function letLockPass(stack: Stack, person: { id: string }): Promise<void> {
  await stack.sql(
    `update otp.lane set locked_until = clock_timestamp() - interval '1 second'
     where user_id = $1 and locked_until <> 'infinity'`,
    [person.id],
  );
}

/** The codes that were counted for an account, over all its lanes. */
export async function countAttempts(stack: Stack, person: { id: string }): Promise<number> {
  const [row] = await stack.sql<{ attempts: string }>(
    'select coalesce(sum(attempts), 0) as attempts from otp.lane where user_id = $1',
    [person.id],
  );
  return Number(row?.attempts);
}
