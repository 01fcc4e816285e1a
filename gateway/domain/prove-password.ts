import { createHmac } from 'node:crypto';
import type { Key } from '@sallyport/config';
import { type Account, canonicalName, type users } from '@sallyport/contracts';
import type { GatewayContext } from '../context.ts';
import type { Asker } from './asker.ts';

declare const proved: unique symbol;

/** That somebody knows the password of this account, at this epoch. Made in this file alone. */
export interface PasswordProof {
  readonly account: Account;
  readonly [proved]: true;
}

export type PasswordResult =
  | { outcome: 'proved'; proof: PasswordProof }
  | { outcome: 'rejected'; reason: string; accountId: string | null }
  | { outcome: 'limited'; retryAfterSeconds: number }
  | { outcome: 'weak-password'; reason: string };

/** The account whose password it should be: by name at a login, by session where one asks again. */
export type Claimant = { username: string } | { username: string; accountId: string; newPassword?: string | undefined };

/**
 * Checks a password, whoever asks and wherever: every place takes from one budget for the account and address,
 * counted before the check, in one store for names that exist and names that don't.
 */
export async function provePassword(
  context: GatewayContext,
  asker: Asker,
  claimant: Claimant,
  password: string,
): Promise<PasswordResult> {
  const name = hideName(context.config.TOKEN_SIGNING_KEYS.current, claimant.username);
  const place = await context.limits.passwords.reserve(`${name}:${asker.address}`);
  if (place.outcome === 'limited') return { outcome: 'limited', retryAfterSeconds: place.retryAfterSeconds };
  try {
    const answer = await verify(context, asker, claimant, password);
    if (answer.outcome === 'rejected') await Promise.all([place.guess.keep(), asker.guess.keep()]);
    return toResult(answer);
  } finally {
    place.guess.leave();
  }
}

/** The proof that a challenge stands for, once users confirmed that nothing has changed since. */
export function recalledPassword(
  challenge: { userId: string; epoch: number },
  account: Account,
): PasswordProof | undefined {
  const unchanged = account.id === challenge.userId && account.epoch === challenge.epoch && !account.locked;
  return unchanged ? proofOf(account) : undefined;
}

/** Whoever has just made an account knows its password. */
export function passwordJustSet(account: Account): PasswordProof {
  return proofOf(account);
}

function proofOf(account: Account): PasswordProof {
  return { account } as PasswordProof;
}

function verify(context: GatewayContext, asker: Asker, claimant: Claimant, password: string) {
  if (!('accountId' in claimant)) {
    return context.users.verifyPassword(asker.request, { username: claimant.username, password });
  }
  const { accountId: account_id, newPassword } = claimant;
  return context.users.verifyPassword(asker.request, { account_id, password, new_password: newPassword });
}

function toResult(answer: users.PasswordVerification): PasswordResult {
  if (answer.outcome === 'accepted') return { outcome: 'proved', proof: proofOf(answer.account) };
  if (answer.outcome === 'rejected') {
    return { outcome: 'rejected', reason: answer.reason, accountId: answer.account_id };
  }
  return { outcome: 'weak-password', reason: answer.reason };
}

/** Names are counted under a keyed hash: the store of limits never holds one. */
function hideName(key: Key, username: string): string {
  return createHmac('sha256', key.bytes)
    .update(`limit/${canonicalName(username) ?? username}`)
    .digest('base64url');
}
