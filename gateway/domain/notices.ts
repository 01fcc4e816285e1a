import { Unavailable } from '@sallyport/contracts';
import type { GatewayContext } from '../context.ts';
import { takeFactorReset } from '../store/factor-reset-notice.ts';
import type { InsertedSession } from '../store/sessions.ts';

/** What the owner should hear at a complete login. */
export interface Notices {
  otpResetAt: Date | null;
  wrongCodes: number;
}

/** Of any number of logins at once one tells that the factor was reset; where Postgres fails now, one more than needed. */
export async function takeNotices(context: GatewayContext, session: InsertedSession): Promise<Notices> {
  return { otpResetAt: await takeReset(context, session), wrongCodes: 0 };
}

async function takeReset({ db }: GatewayContext, { userId, factorResetAt }: InsertedSession): Promise<Date | null> {
  if (factorResetAt === null) return null;
  try {
    return (await takeFactorReset(db, userId, factorResetAt)) ? factorResetAt : null;
  } catch (error) {
    if (error instanceof Unavailable) return factorResetAt;
    throw error;
  }
}
