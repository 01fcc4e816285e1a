/*
 * Carrying an approved reset out, by whichever gateway gets to it, as often as it takes. otp removes the factor, once
 * for each reset and only at the version that it was asked for; then in one transaction the reset is settled, the fence
 * rises with the factor's version, the owner's sessions end and the next login is told; last the flag follows. Who dies
 * in between leaves the state `approved`, and the next one goes on from there.
 */
import type { RequestContext } from '@sallyport/contracts';
import { systemContext } from '../audit/system-context.ts';
import type { GatewayContext } from '../context.ts';
import { noteFactorReset } from '../store/factor-reset-notice.ts';
import { type ApprovedReset, findApprovedResets, settleReset } from '../store/otp-resets.ts';
import { endOvertaken } from './end-overtaken.ts';
import { EventLog } from './event-log.ts';

type Needs = Pick<GatewayContext, 'db' | 'changes' | 'otp' | 'users' | 'logger' | 'now' | 'randomBytes'>;

const pageSize = 20;

export async function carryOutReset(
  context: Needs,
  request: RequestContext,
  reset: ApprovedReset,
): Promise<'done' | 'overtaken'> {
  const { id, userId, approvedBy } = reset;
  const log = new EventLog(context, request);
  const answer = await context.otp.resetFactor(request, {
    user_id: userId,
    reset_id: id,
    factor_version: reset.factorVersion,
    actor: { type: approvedBy === null ? 'operator' : 'account', id: approvedBy },
    reason: reset.reason,
  });
  log.collect('otp', answer);
  const factorVersion = answer.factor_version;
  const done = answer.outcome === 'reset';
  await context.changes.run(log, async (tx) => {
    const settled = await settleReset(tx, id, done ? 'done' : 'void');
    if (!settled || !done) return;
    await endOvertaken(tx, log, userId, { factorVersion }, 'otp-reset');
    await noteFactorReset(tx, userId);
  });
  if (!done) return 'overtaken';
  try {
    await context.users.setFlag(request, userId, { otp_enabled: false, factor_version: factorVersion });
  } catch (error) {
    context.logger.warn({ request_id: request.request_id, cause: String(error) }, 'the flag will follow later');
  }
  return 'done';
}

/** Carries out what was approved and left; one that fails doesn't hold up the others. Says whether there is more. */
export async function carryOutResets(context: Needs): Promise<boolean> {
  const resets = await findApprovedResets(context.db, pageSize);
  const request = systemContext();
  const results = await Promise.allSettled(resets.map((reset) => carryOutReset(context, request, reset)));
  const failed = results.find((result) => result.status === 'rejected');
  if (failed) throw failed.reason;
  return resets.length === pageSize;
}
