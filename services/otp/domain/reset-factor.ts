/*
 * Taking a factor away without a code, because admins agreed to. The reset names the version that it was asked for: if
 * the owner has enrolled anew since, the new factor stays ("overtaken"). The account's factor is locked first, so that
 * of any number of calls for one reset one acts, and each of them gets its answer.
 */
import { createEvent, otpReset, otpResetOvertaken, record } from '@sallyport/audit/record';
import type { otp, RecordedEvent, RequestContext } from '@sallyport/contracts';
import type { OtpContext } from '../context.ts';
import { removeFactor } from '../store/factors.ts';
import { clearLanes } from '../store/lanes.ts';
import { findReset, insertReset, lockFactor, type SettledReset } from '../store/resets.ts';

export async function resetFactor(
  context: OtpContext,
  request: RequestContext,
  asked: otp.ResetFactor,
): Promise<SettledReset & { events: RecordedEvent[] }> {
  const { user_id: userId, reset_id: resetId, factor_version: version, actor, reason } = asked;
  return context.db.transaction(async (tx) => {
    const factor = await lockFactor(tx, userId);
    const settled = await findReset(tx, resetId, userId);
    if (settled) return { ...settled, events: [] };
    const standing = factor?.active === true && factor.version === version;
    const reset: SettledReset = standing
      ? { outcome: 'reset', factorVersion: await removeFactor(tx, userId, version) }
      : { outcome: 'overtaken', factorVersion: factor?.version ?? 0 };
    if (standing) await clearLanes(tx, userId);
    await insertReset(tx, resetId, userId, reset);
    const draft = standing ? otpReset : otpResetOvertaken;
    const event = createEvent(draft({ id: userId }, { actor, reason }), request, context);
    await record(tx, 'otp', [event]);
    return { ...reset, events: [event] };
  });
}
