import { Unavailable } from '@sallyport/contracts';
import type { GatewayContext } from '../context.ts';
import { type ApprovedReset, approveReset, findReset } from '../store/otp-resets.ts';
import type { Session } from '../store/sessions.ts';
import type { Asker } from './asker.ts';
import { carryOutReset } from './carry-out-reset.ts';
import { isAdmin } from './is-admin.ts';

export type ResetApproval = { outcome: 'approved' } | { outcome: 'forbidden' } | { outcome: 'not-found' };

/**
 * The second of two people. Both must be admins still, as users has it now; the rest is one statement. From its commit
 * on the reset happens, whatever becomes of this process or of otp.
 */
export async function approve(
  context: GatewayContext,
  asker: Asker,
  admin: Session,
  resetId: string,
): Promise<ResetApproval> {
  const asked = await findReset(context.db, resetId);
  if (asked === undefined) return { outcome: 'not-found' };
  if (asked.requestedBy === admin.userId || asked.userId === admin.userId) return { outcome: 'forbidden' };
  if (!(await isAdmin(context, asker, asked.requestedBy))) return { outcome: 'not-found' };
  if (!(await isAdmin(context, asker, admin.userId))) return { outcome: 'forbidden' };
  const approved = await approveReset(context.db, resetId, admin.userId);
  if (approved === undefined) return { outcome: 'not-found' };
  const result = await carryOutSoon(context, asker, approved);
  return { outcome: result === 'overtaken' ? 'not-found' : 'approved' };
}

/** Carries it out now; where something it needs is away, the loop of the gateways does. */
export async function carryOutSoon(
  context: GatewayContext,
  asker: Asker,
  reset: ApprovedReset,
): Promise<'done' | 'overtaken' | 'later'> {
  try {
    return await carryOutReset(context, asker.request, reset);
  } catch (error) {
    if (!(error instanceof Unavailable)) throw error;
    context.logger.warn({ reset: reset.id, dependency: error.dependency }, 'an approved reset waits');
    return 'later';
  }
}
