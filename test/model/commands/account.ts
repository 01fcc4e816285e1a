import { randomBytes } from 'node:crypto';
import fc from 'fast-check';
import type { SentCode } from '../codes.ts';
import { type CodeKind, chooseCode, judgeCode, ownersCodeKinds } from '../codes.ts';
import { command, type Expected, hold, pickAccount, pickSession, refusals, settled } from '../command.ts';
import {
  type Account,
  endChallenges,
  endSessions,
  isGood,
  laneOf,
  type ModelSession,
  startLanesAfresh,
} from '../model.ts';
import { renewAccess } from '../sessions.ts';
import type { System } from '../system.ts';

interface Proving {
  account: number;
  session: number;
  rightPassword: boolean;
  code: CodeKind;
}

/** What refuses both proofs of a session's owner, if anything; the code is judged, and spent, where it comes to that. */
function refusalOf(
  system: System,
  account: Account,
  session: ModelSession,
  { rightPassword, code }: { rightPassword: boolean; code: SentCode },
): Expected | undefined {
  if (!rightPassword) return refusals.credentials;
  if (account.secret === undefined) return undefined;
  if (Object.keys(code).length === 0) return refusals.otp;
  const verdict = judgeCode(system, account, laneOf(session), code);
  if (verdict === 'accepted') return undefined;
  return verdict === 'locked' ? refusals.limited : refusals.otp;
}

const reauthenticate = (drawn: Proving) =>
  command(
    'reauthenticate',
    drawn,
    async (model, system, { account: at, session: which, rightPassword, code: kind }) => {
      const account = pickAccount(model, at);
      const session = account && pickSession(account, which);
      const code = account && chooseCode(system, account, kind, model.accounts[at + 1]);
      if (!account || !session || !code) return;
      const good = isGood(session, system.now());
      if (good === undefined) return;
      const password = rightPassword ? account.password : 'a wrong pass phrase';
      const call = { token: session.accessToken, body: { password, ...code } };
      const answer = settled(system, account, await system.api('POST', '/reauthenticate', call));
      if (!answer) return;
      if (!good) return hold(answer, refusals.session, 'a session that has ended');
      const refusal = refusalOf(system, account, session, { rightPassword, code });
      hold(answer, refusal ?? { status: 200 }, 'authenticating again');
      if (refusal) return;
      renewAccess(system, session, answer);
      session.authAt = system.now();
    },
  );

const changePassword = (drawn: Proving) =>
  command(
    'changePassword',
    drawn,
    async (model, system, { account: at, session: which, rightPassword, code: kind }) => {
      const account = pickAccount(model, at);
      const session = account && pickSession(account, which);
      const code = account && chooseCode(system, account, kind, model.accounts[at + 1]);
      if (!account || !session || !code) return;
      const good = isGood(session, system.now());
      if (good === undefined) return;
      const current_password = rightPassword ? account.password : 'a wrong pass phrase';
      const new_password = `a long pass phrase ${randomBytes(4).toString('hex')}`;
      const call = { token: session.accessToken, body: { current_password, new_password, ...code } };
      const answer = settled(system, account, await system.api('PUT', '/me/password', call));
      if (!answer) return;
      if (!good) return hold(answer, refusals.session, 'a session that has ended');
      const refusal = refusalOf(system, account, session, { rightPassword, code });
      hold(answer, refusal ?? { status: 204 }, 'changing the password');
      if (refusal) return;
      account.password = new_password;
      endSessions(account, session);
      endChallenges(account);
    },
  );

const lock = (drawn: { account: number }) =>
  command('lock', drawn, async (model, system, { account: at }) => {
    const account = pickAccount(model, at);
    if (!account) return;
    const answer = settled(system, account, await system.lock(account.id));
    if (!answer) return;
    hold(answer, { status: 204 }, 'a lock');
    account.locked = true;
    endSessions(account);
    endChallenges(account);
  });

const unlock = (drawn: { account: number }) =>
  command('unlock', drawn, async (model, system, { account: at }) => {
    const account = pickAccount(model, at);
    if (!account) return;
    const answer = settled(system, account, await system.unlock(account.id));
    if (!answer) return;
    hold(answer, { status: 204 }, 'an unlock');
    account.locked = false;
    startLanesAfresh(account);
  });

const proving = {
  account: fc.nat(9),
  session: fc.nat(9),
  rightPassword: fc.constantFrom(true, true, true, false),
  code: fc.constantFrom(...ownersCodeKinds),
};

const again = fc.record(proving).map(reauthenticate);
const change = fc.record(proving).map(changePassword);
const unlocking = fc.record({ account: fc.nat(9) }).map(unlock);

/** By how often they are drawn. */
export const accountChanges = [
  ...[again, again, again, change, change],
  ...[fc.record({ account: fc.nat(9) }).map(lock), unlocking, unlocking],
];
