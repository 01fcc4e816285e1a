import { randomBytes, randomUUID } from 'node:crypto';
import { createEvent, otpResetRequested } from '@sallyport/audit/record';
import { canonicalName } from '@sallyport/contracts';
import type { Db } from '@sallyport/postgres';
import { createRecording } from '../gateway/audit/store/outbox.ts';
import { insertReset } from '../gateway/store/otp-resets.ts';
import { StartError } from './start-error.ts';

/**
 * Has the second factor of an account removed, on the operator's word alone: the way back in where no two admins are
 * left. The running gateways carry it out; the owner's sessions end, and the next login says so.
 * @returns what to tell the operator
 * @throws StartError where there is no such account, or no factor
 */
export async function resetOtp(db: Db, name: string, reason = 'operator'): Promise<string> {
  const username = canonicalName(name);
  const [account] = await db.query<{ id: string; version: number | null }>(
    `select a.id, f.version from users.account a left join otp.factor f on f.user_id = a.id and f.active
     where a.username = $1`,
    [username ?? null],
  );
  if (account === undefined) throw new StartError(`There is no account ${JSON.stringify(name)}.`);
  if (account.version === null) throw new StartError(`${username} has no second factor.`);
  const draft = otpResetRequested({ id: account.id, username }, { actor: { type: 'operator', id: null }, reason });
  const request = { request_id: `operator-${randomUUID()}`, ip: null, user_agent: null, session_id: null };
  const event = createEvent(draft, request, { now: Date.now, randomBytes });
  const reset = { id: randomUUID(), userId: account.id, factorVersion: account.version, reason };
  const recording = createRecording({ collected: [], own: [event] });
  await insertReset(db, { ...reset, requestedBy: null, approved: true }, recording);
  return `The second factor of ${username} will be removed by the running gateways within seconds.`;
}
