import { adminEnv } from './admin.ts';
import { limits } from './model.ts';

/** Limits low enough for a run to meet them; the soft ones of passwords and addresses have tests of their own. */
export const modelEnv = {
  ...adminEnv,
  OTP_LOCK_AFTER: String(limits.lockAfter),
  OTP_HARD_LOCK_AFTER: String(limits.hardLockAfter),
  CHALLENGE_TRIES: String(limits.challengeTries),
  PASSWORD_TRIES_PER_ADDRESS: '0',
  PASSWORD_SLOW_AFTER: '0',
};
