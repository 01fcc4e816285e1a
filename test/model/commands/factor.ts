import fc from 'fast-check';
import { type CodeKind, chooseCode, judgeCode, matchStep, ownersCodeKinds } from '../codes.ts';
import { command, hold, pickAccount, pickSession, refusals, settled } from '../command.ts';
import { endChallenges, endSessions, isFresh, isGood, laneOf, limits, startLanesAfresh } from '../model.ts';
import { renewAccess } from '../sessions.ts';

interface Asking {
  account: number;
  session: number;
}

export const setUp = (drawn: Asking) =>
  command('setUp', drawn, async (model, system, { account: at, session: which }) => {
    const account = pickAccount(model, at);
    const session = account && pickSession(account, which);
    if (!account || !session) return;
    const [good, fresh] = [isGood(session, system.now()), isFresh(session, system.now())];
    if (good === undefined || fresh === undefined) return;
    const token = session.accessToken;
    const answer = settled(system, account, await system.api('POST', '/auth/otp/setup', { token }));
    if (!answer) return;
    if (!good) return hold(answer, refusals.session, 'a session that has ended');
    if (!fresh) return hold(answer, refusals.stale, 'a session that is not fresh');
    if (account.secret !== undefined) return hold(answer, refusals.enabled, 'a factor that is there');
    hold(answer, { status: 200 }, 'a setup');
    account.enrolment = { secret: answer.body.secret, triesLeft: limits.enrolmentTries };
  });

export const enable = (drawn: Asking & { code: 'right' | 'used' | 'wrong' }) =>
  command('enable', drawn, async (model, system, { account: at, session: which, code: kind }) => {
    const account = pickAccount(model, at);
    const session = account && pickSession(account, which);
    const code = account && chooseCode(system, account, kind);
    if (!account || !session || code?.otp === undefined) return;
    const good = isGood(session, system.now());
    if (good === undefined) return;
    const call = { token: session.accessToken, body: code };
    const answer = settled(system, account, await system.api('PUT', '/auth/otp/enable', call));
    if (!answer) return;
    if (!good) return hold(answer, refusals.session, 'a session that has ended');
    if (account.secret !== undefined) return hold(answer, refusals.enabled, 'a factor that is there');
    const { enrolment } = account;
    if (!enrolment || enrolment.triesLeft === 0) return hold(answer, refusals.noEnrolment, 'no pending enrolment');
    enrolment.triesLeft -= 1;
    const step = matchStep(system, enrolment.secret, code.otp);
    if (step === undefined || step <= account.lastStep) {
      account.told.refused += 1;
      return hold(answer, refusals.otp, 'a wrong or used code');
    }
    hold(answer, { status: 200 }, 'the first code of an enrolment');
    for (const old of account.recoveryCodes) old.state = 'void';
    const recoveryCodes: string[] = answer.body.recovery_codes;
    account.recoveryCodes.push(...recoveryCodes.map((text) => ({ text, state: 'unused' as const })));
    Object.assign(account, { secret: enrolment.secret, lastStep: step, enrolment: undefined });
    endSessions(account, session);
    endChallenges(account);
    startLanesAfresh(account);
    renewAccess(system, session, answer);
  });

interface Proving extends Asking {
  rightPassword: boolean;
  code: CodeKind;
}

const disable = (drawn: Proving) =>
  command('disable', drawn, async (model, system, { account: at, session: which, rightPassword, code: kind }) => {
    const account = pickAccount(model, at);
    const session = account && pickSession(account, which);
    const code = account && chooseCode(system, account, kind, model.accounts[at + 1]);
    if (!account || !session || !code) return;
    const good = isGood(session, system.now());
    if (good === undefined) return;
    const password = rightPassword ? account.password : 'a wrong pass phrase';
    const call = { token: session.accessToken, body: { password, ...code } };
    const answer = settled(system, account, await system.api('PUT', '/auth/otp/disable', call));
    if (!answer) return;
    if (!good) return hold(answer, refusals.session, 'a session that has ended');
    if (account.secret === undefined) return hold(answer, refusals.noFactor, 'no factor');
    if (!rightPassword) return hold(answer, refusals.credentials, 'a wrong password');
    if (Object.keys(code).length === 0) return hold(answer, refusals.otp, 'no code');
    const verdict = judgeCode(system, account, laneOf(session), code);
    if (verdict === 'locked') return hold(answer, refusals.limited, 'a locked lane');
    if (verdict === 'refused') return hold(answer, refusals.otp, 'a wrong or used code');
    hold(answer, { status: 200 }, 'password and code');
    for (const old of account.recoveryCodes) old.state = 'void';
    account.secret = undefined;
    account.enrolment = undefined;
    endSessions(account, session);
    endChallenges(account);
  });

const regenerate = (drawn: Asking & { code: CodeKind }) =>
  command('regenerate', drawn, async (model, system, { account: at, session: which, code: kind }) => {
    const account = pickAccount(model, at);
    const session = account && pickSession(account, which);
    const code = account && chooseCode(system, account, kind, model.accounts[at + 1]);
    if (!account || !session || !code) return;
    const [good, fresh] = [isGood(session, system.now()), isFresh(session, system.now())];
    if (good === undefined || fresh === undefined) return;
    const call = { token: session.accessToken, body: code };
    const answer = settled(system, account, await system.api('POST', '/auth/otp/recovery_codes', call));
    if (!answer) return;
    if (!good) return hold(answer, refusals.session, 'a session that has ended');
    if (!fresh) return hold(answer, refusals.stale, 'a session that is not fresh');
    if (account.secret === undefined) return hold(answer, refusals.noFactor, 'no factor');
    if (Object.keys(code).length === 0) return hold(answer, refusals.otp, 'no code');
    const verdict = judgeCode(system, account, laneOf(session), code);
    if (verdict === 'locked') return hold(answer, refusals.limited, 'a locked lane');
    if (verdict === 'refused') return hold(answer, refusals.otp, 'a wrong or used code');
    hold(answer, { status: 200 }, 'a code for new ones');
    for (const old of account.recoveryCodes) old.state = 'void';
    const recoveryCodes: string[] = answer.body.recovery_codes;
    account.recoveryCodes.push(...recoveryCodes.map((text) => ({ text, state: 'unused' as const })));
  });

const asking = { account: fc.nat(9), session: fc.nat(9) };
const code = fc.constantFrom(...ownersCodeKinds);
const rightPassword = fc.constantFrom(true, true, true, false);

const firstCode = fc.constantFrom('right' as const, 'right' as const, 'used' as const, 'wrong' as const);
const setups = fc.record(asking).map(setUp);
const enablings = fc.record({ ...asking, code: firstCode }).map(enable);
const disablings = fc.record({ ...asking, rightPassword, code }).map(disable);
const regenerations = fc.record({ ...asking, code }).map(regenerate);

/** By how often they are drawn. */
export const factorChanges = [
  ...[setups, setups, enablings, enablings, enablings],
  ...[disablings, disablings, regenerations, regenerations],
];
