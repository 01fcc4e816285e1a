import type { ReasonOf } from '@sallyport/audit/record';
import type { Account, users } from '@sallyport/contracts';
import type { GatewayContext } from '../context.ts';
import { type Asker, strangers } from './asker.ts';
import { limitName, passwordKey } from './limit-name.ts';
import type { Limited } from './limited.ts';
import { refuseAddress, refuseLimited } from './note-blocked.ts';

declare const proved: unique symbol;

/** That somebody knows the password of this account, at this epoch. Made in this file alone. */
export interface PasswordProof {
  readonly account: Account;
  readonly [proved]: true;
}

export type PasswordResult =
  | { outcome: 'proved'; proof: PasswordProof }
  | { outcome: 'rejected'; reason: ReasonOf<'sallyport.login.failed'>; accountId: string | null }
  | Limited
  | { outcome: 'weak-password'; reason: string };

/** The account whose password it should be: by name at a login, by session where one asks again. */
export type Claimant = { username: string } | { username: string; accountId: string; newPassword?: string | undefined };

/**
 * Checks a password, whoever asks and wherever: every place takes from one budget for the account and the known device,
 * or else the address and all strangers together, counted before the check, in one store for names that exist and names
 * that don't.
 */
export async function provePassword(
  context: GatewayContext,
  asker: Asker,
  claimant: Claimant,
  password: string,
): Promise<PasswordResult> {
  const name = limitName(context, claimant.username);
  const reserving = context.limits.passwords.reserve(passwordKey(name, isStranger(asker) ? asker.address : asker.lane));
  reserving.catch(() => {});
  const leave = () => void reserving.then(({ guess }) => guess.leave()).catch(() => {});
  try {
    const refused = await refuseAddress(context, asker);
    if (refused) return refused;
    const place = await reserving;
    if (place.outcome === 'limited') {
      return await refuseLimited(context, asker, 'password', place.retryAfterSeconds, accountOf(claimant));
    }
    const row = isStranger(asker) ? await joinStrangers(context, name, asker) : undefined;
    if (row?.outcome === 'limited') {
      return await refuseLimited(context, asker, 'stranger', row.retryAfterSeconds, accountOf(claimant));
    }
    const answer = await verify(context, asker, claimant, password).catch(async (error: unknown) => {
      await row?.withdraw();
      throw error;
    });
    if (answer.outcome === 'rejected') await Promise.all([place.guess.keep(), asker.guess.keep()]);
    else if (answer.outcome === 'accepted') row?.accept();
    else await row?.withdraw();
    return toResult(answer);
  } finally {
    leave();
  }
}

/** Known by a session alone: nobody has looked a name up yet. */
function accountOf(claimant: Claimant) {
  return 'accountId' in claimant ? { id: claimant.accountId, username: claimant.username } : undefined;
}

const isStranger = (asker: Asker) => asker.lane === strangers;

/** The row of wrong passwords that all strangers share; how it ends is best effort, that it is counted isn't. */
async function joinStrangers({ limits }: GatewayContext, name: string, { address, site = address }: Asker) {
  const admission = await limits.strangers.admit(name, address, site);
  if (admission.outcome === 'limited') return admission;
  return {
    outcome: admission.outcome,
    /** Not waited for: whatever this login asks Redis next is answered later. */
    accept: () => void limits.strangers.accept(name, admission.number, address, site).catch(() => {}),
    withdraw: () => limits.strangers.withdraw(name, admission.number).catch(() => {}),
  };
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
