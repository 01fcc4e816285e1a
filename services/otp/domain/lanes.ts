import type { otp } from '@sallyport/contracts';
import type { z } from 'zod';
import type { OtpContext } from '../context.ts';
import { clearLanes, sumWrongCodes } from '../store/lanes.ts';

type WrongCodes = z.infer<typeof otp.WrongCodes>;

/** Wrong codes in a row, each of which followed a right password. */
export async function countWrongCodes({ db }: OtpContext, userId: string): Promise<WrongCodes> {
  return { user_id: userId, wrong_codes: await sumWrongCodes(db, userId) };
}

/** Ends the locks of an account's codes and their counts, at an admin's word; the factor stays as it is. */
export async function endLocks({ db }: OtpContext, userId: string): Promise<WrongCodes> {
  await clearLanes(db, userId);
  return { user_id: userId, wrong_codes: await sumWrongCodes(db, userId) };
}
