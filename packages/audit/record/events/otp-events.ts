import { type Account, type EventDraft, failed, type Order, type ReasonOf, succeeded } from '../event-draft.ts';

export const otpSetupStarted = (account: Account): EventDraft => succeeded('sallyport.otp.setup_started', account);

export const otpEnabled = (account: Account): EventDraft => succeeded('sallyport.otp.enabled', account);

export const otpDisabled = (account: Account): EventDraft => succeeded('sallyport.otp.disabled', account);

export const otpVerified = (account: Account): EventDraft => succeeded('sallyport.otp.verified', account);

export const otpFailed = (account: Account, reason: ReasonOf<'sallyport.otp.failed'>): EventDraft =>
  failed('sallyport.otp.failed', account, { reason });

export const otpReplayed = (account: Account, reason: ReasonOf<'sallyport.otp.replayed'>): EventDraft =>
  failed('sallyport.otp.replayed', account, { reason });

/** @param count how many are wrong in a row */
export const otpLocked = (account: Account, count: number): EventDraft =>
  failed('sallyport.otp.locked', account, { reason: 'too-many-attempts', count });

export const otpReset = (account: Account, order: Order): EventDraft =>
  succeeded('sallyport.otp.reset', account, order);

/** The owner had enrolled anew meanwhile. */
export const otpResetOvertaken = (account: Account, { actor }: Order): EventDraft =>
  failed('sallyport.otp.reset', account, { actor, reason: 'overtaken' });

export const recoveryCodeUsed = (account: Account): EventDraft => succeeded('sallyport.recovery_code.used', account);

export const recoveryCodeRegenerated = (account: Account): EventDraft =>
  succeeded('sallyport.recovery_code.regenerated', account);
