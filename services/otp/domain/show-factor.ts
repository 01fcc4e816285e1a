import type { otp } from '@sallyport/contracts';
import type { OtpContext } from '../context.ts';
import { findFactor } from '../store/factors.ts';

/** The factor of an account; inactive, version 0, where there never was one. */
export function showFactor({ db }: OtpContext, userId: string): Promise<otp.Factor> {
  return findFactor(db, userId);
}
