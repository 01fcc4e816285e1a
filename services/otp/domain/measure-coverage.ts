import type { otp } from '@sallyport/contracts';
import type { z } from 'zod';
import type { OtpContext } from '../context.ts';
import { countFewCodes } from '../store/recovery-sets.ts';

export async function measureCoverage({ db }: OtpContext): Promise<z.infer<typeof otp.Coverage>> {
  return { few_recovery_codes: await countFewCodes(db) };
}
