import { createEvent, record } from '@sallyport/audit/record';
import type { RecordedEvent, RequestContext } from '@sallyport/contracts';
import type { OtpContext } from '../context.ts';

/** Why a code that was looked at is refused, as audit learns it. */
export type RejectionReason =
  | 'wrong-code'
  | 'wrong-recovery-code'
  | 'secret-unusable'
  | 'used-code'
  | 'spent-challenge'
  | 'factor-changed';

export interface Rejection {
  outcome: 'rejected';
  reason: 'wrong-code' | 'used-code' | 'spent-challenge';
  events: RecordedEvent[];
}

/** Refuses a code and records it: each code that was looked at leaves exactly one `failed` or `replayed`. */
export async function reject(
  context: OtpContext,
  request: RequestContext,
  userId: string,
  reason: RejectionReason,
  earlier: readonly RecordedEvent[] = [],
): Promise<Rejection> {
  const replayed = reason === 'used-code' || reason === 'spent-challenge';
  const type = replayed ? 'sallyport.otp.replayed' : 'sallyport.otp.failed';
  const event = createEvent({ type, outcome: 'failure', subject: userId, reason }, request, context);
  await record(context.db, 'otp', [event]);
  return { outcome: 'rejected', reason: replayed ? reason : 'wrong-code', events: [...earlier, event] };
}
