/*
 * One bcrypt per attempt, whoever it is (promise 8): an unknown name spends a decoy's, a locked account its own, and
 * the lock is looked at only when the hash is done. A new password that comes along is judged first, so that a weak one
 * costs nothing. A hash of an older kind is made anew after it fitted, on condition that it is still the one that was
 * verified: a login in flight must not bring back a password that was changed meanwhile.
 */
import { canonicalName, type RequestContext, type users } from '@sallyport/contracts';
import type { UsersContext } from '../context.ts';
import { turnOf } from '../hashing/turn-of.ts';
import { type Credential, findCredentialById, findCredentialByName } from '../store/find-credential.ts';
import { replaceHash } from '../store/replace-hash.ts';
import { judgePassword } from './judge-password.ts';

type ByName = { username: string; password: string };
type ById = { account_id: string; password: string; new_password?: string | undefined };

export async function verifyPassword(
  context: UsersContext,
  claim: ByName | ById,
  request: RequestContext,
): Promise<users.PasswordVerification> {
  const from = turnOf(request);
  context.hasher.requireRoom(from);
  if ('username' in claim) {
    const name = canonicalName(claim.username);
    const credential = name === undefined ? undefined : await findCredentialByName(context.db, name);
    return compare(context, credential, claim.password, name ?? claim.username, from);
  }
  const credential = await findCredentialById(context.db, claim.account_id);
  if (claim.new_password !== undefined) {
    const fault = judgePassword(claim.new_password, credential?.account.username);
    if (fault) return { outcome: 'weak-password', reason: fault };
  }
  return compare(context, credential, claim.password, claim.account_id, from);
}

async function compare(
  context: UsersContext,
  credential: Credential | undefined,
  password: string,
  name: string,
  from: string,
): Promise<users.PasswordVerification> {
  const { hasher, decoys } = context;
  if (!credential) {
    await hasher.spend(password, decoys.costFor(name), from);
    return { outcome: 'rejected', reason: 'unknown-account', account_id: null };
  }
  const { account, stored } = credential;
  const fits = await hasher.verify(password, stored, from);
  if (!fits) return { outcome: 'rejected', reason: 'wrong-password', account_id: account.id };
  if (account.locked) return { outcome: 'rejected', reason: 'account-locked', account_id: account.id };
  if (!hasher.isCurrent(stored)) await renewHash(context, credential, password, from);
  return { outcome: 'accepted', account };
}

async function renewHash({ db, hasher, logger }: UsersContext, credential: Credential, password: string, from: string) {
  try {
    const renewed = await hasher.hash(password, { from });
    await replaceHash(db, { id: credential.account.id, verified: credential.stored, renewed });
  } catch (error) {
    logger.warn({ err: error }, 'a hash could not be renewed; the next login tries again');
  }
}
