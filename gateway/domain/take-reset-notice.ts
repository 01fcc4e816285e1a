import { Unavailable } from '@sallyport/contracts';
import type { GatewayContext } from '../context.ts';
import { takeFactorReset } from '../store/factor-reset-notice.ts';
import type { InsertedSession } from '../store/insert-session.ts';

/** Of any number of logins at once one tells that the factor was reset; where Postgres fails now, one more than needed. */
export async function takeResetNotice(
  { db }: GatewayContext,
  { session, factorResetAt }: InsertedSession,
): Promise<Date | null> {
  if (factorResetAt === null) return null;
  try {
    return (await takeFactorReset(db, session.userId, factorResetAt)) ? factorResetAt : null;
  } catch (error) {
    if (error instanceof Unavailable) return factorResetAt;
    throw error;
  }
}
