import assert from 'node:assert/strict';
import fc from 'fast-check';
import type { Answered } from '../../support/api.ts';
import { type CodeKind, chooseCode, codeKinds, judgeCode, rightCode, type SentCode } from '../codes.ts';
import { command, hold, pickAccount, refusals, settled } from '../command.ts';
import { type Account, isOpen, laneIn, limits, type ModelChallenge, strangers } from '../model.ts';
import { openSession } from '../sessions.ts';
import type { System } from '../system.ts';

interface Login {
  account: number;
  rightPassword: boolean;
  code: CodeKind;
}

const body = ({ username, password }: Account, code: SentCode = {}) => ({ username, password, ...code });

const logIn = (drawn: Login) =>
  command('logIn', drawn, async (model, system, { account: at, rightPassword, code: kind }) => {
    const account = pickAccount(model, at);
    const code = account && chooseCode(system, account, kind, model.accounts[at + 1]);
    if (!account || !code) return;
    const sent = rightPassword ? body(account, code) : { ...body(account, code), password: 'a wrong pass phrase' };
    const answer = settled(system, account, await system.api('POST', '/login', { body: sent }));
    if (!answer) return;
    if (!rightPassword || account.locked) return hold(answer, refusals.credentials, 'a wrong password, or a lock');
    if (account.secret === undefined) {
      hold(answer, { status: 200 }, 'a password alone');
      assert.equal(answer.body.status, 'complete');
      openSession(system, account, answer);
    } else if (Object.keys(code).length === 0) {
      noteChallenge(system, account, answer);
    } else {
      const verdict = judgeCode(system, account, strangers, code);
      if (verdict === 'locked') return hold(answer, refusals.limited, 'a locked lane');
      if (verdict === 'refused') return hold(answer, refusals.otp, 'a wrong or used code');
      hold(answer, { status: 200 }, 'password and code');
      assert.equal(answer.body.status, 'complete');
      openSession(system, account, answer);
    }
  });

/** Wrong codes behind the right password, one after the other, as somebody who guesses. */
const guess = (drawn: { account: number; times: number }) =>
  command('guess', drawn, async (model, system, { account: at, times }) => {
    const account = pickAccount(model, at);
    if (!account?.secret || account.locked) return;
    for (let time = 0; time < times; time += 1) {
      const code = chooseCode(system, account, 'wrong') ?? {};
      const answer = settled(system, account, await system.api('POST', '/login', { body: body(account, code) }));
      if (!answer) return;
      const verdict = judgeCode(system, account, strangers, code);
      hold(answer, verdict === 'locked' ? refusals.limited : refusals.otp, 'a guess');
    }
  });

interface Answer {
  account: number;
  challenge: number;
  code: CodeKind;
}

const answerChallenge = (drawn: Answer) =>
  command('answerChallenge', drawn, async (model, system, { account: at, challenge: which, code: kind }) => {
    const account = pickAccount(model, at);
    if (!account) return;
    const challenge = pickChallenge(account, which, system.now()) ?? (await openChallenge(system, account));
    const code = chooseCode(system, account, kind, model.accounts[at + 1]);
    if (!challenge || !code || Object.keys(code).length === 0) return;
    await answerOnce(system, account, challenge, code);
  });

async function answerOnce(system: System, account: Account, challenge: ModelChallenge, code: SentCode): Promise<void> {
  const open = isOpen(challenge, system.now());
  if (open === undefined) return;
  const sent = { challenge: challenge.handle, ...code };
  const answer = settled(system, account, await system.api('POST', '/login/otp', { body: sent }));
  if (!answer) return;
  if (!open) return hold(answer, refusals.challenge, 'a challenge that is dead');
  const verdict = judgeCode(system, account, strangers, code);
  if (verdict === 'locked') return hold(answer, refusals.limited, 'a locked lane');
  challenge.triesLeft -= 1;
  if (verdict === 'refused') return hold(answer, refusals.otp, 'a wrong or used code');
  hold(answer, { status: 200 }, 'the code of a challenge');
  challenge.dead = true;
  openSession(system, account, answer);
}

/** Wrong codes for one challenge, past its tries or not, and then the right one. */
const guessAtChallenge = (drawn: { account: number; times: number }) =>
  command('guessAtChallenge', drawn, async (model, system, { account: at, times }) => {
    const account = pickAccount(model, at);
    const challenge = account && (await openChallenge(system, account));
    if (!account || !challenge) return;
    for (let time = 0; time < times && !account.unsure; time += 1) {
      await answerOnce(system, account, challenge, chooseCode(system, account, 'wrong') ?? {});
    }
    const right = account.unsure ? undefined : chooseCode(system, account, 'right');
    if (right) await answerOnce(system, account, challenge, right);
  });

/** One that is open, if there is such, or one of the last, dead ones included. */
function pickChallenge({ challenges }: Account, at: number, now: number): ModelChallenge | undefined {
  if (at >= 5) return challenges.at(-1 - (at % 2));
  const open = challenges.filter((challenge) => isOpen(challenge, now));
  return open[at % Math.max(open.length, 1)];
}

async function openChallenge(system: System, account: Account): Promise<ModelChallenge | undefined> {
  if (account.secret === undefined || account.locked) return undefined;
  const answer = settled(system, account, await system.api('POST', '/login', { body: body(account) }));
  return answer && noteChallenge(system, account, answer);
}

function noteChallenge(system: System, account: Account, answer: Answered): ModelChallenge {
  hold(answer, { status: 200 }, 'a password without its code');
  assert.equal(answer.body.status, 'otp_required');
  assert.equal(answer.body.access_token, undefined);
  const { challenge: handle } = answer.body;
  const challenge = { handle, at: system.now(), triesLeft: limits.challengeTries, dead: false };
  account.challenges.push(challenge);
  return challenge;
}

/** One code sent twice at once, each time with the password: one success, whoever comes first (promise 1). */
const logInTwice = (drawn: { account: number }) =>
  command('logInTwice', drawn, async (model, system, { account: at }) => {
    const account = pickAccount(model, at);
    if (!account?.secret || account.locked) return;
    const code = rightCode(system, account, account.secret);
    if (!code) return;
    const twice = [0, 1].map(() => system.api('POST', '/login', { body: body(account, code) }));
    const answers = (await Promise.all(twice)).map((answer) => settled(system, account, answer));
    const [first, second] = [...answers].sort((a, b) => (a?.status ?? 0) - (b?.status ?? 0));
    if (!first || !second) return;
    const lane = laneIn(account, strangers);
    const before = { ...lane };
    if (judgeCode(system, account, strangers, code) === 'locked') {
      for (const answer of [first, second]) hold(answer, refusals.limited, 'a locked lane');
      return;
    }
    hold(first, { status: 200 }, 'one of two');
    openSession(system, account, first);
    hold(second, second.status === 429 ? refusals.limited : refusals.otp, 'the other of two');
    await readSecond(system, account, second.status, before.wrong);
  });

/** Whether the second was counted before the first was accepted or after can't be said: one of two counts stands. */
async function readSecond(system: System, account: Account, status: number, before: number): Promise<void> {
  const lane = laneIn(account, strangers);
  const [row] = await system.sql<{ wrong: number; locked: boolean }>(
    `select attempts - accepted_at as wrong, locked_until > clock_timestamp() as locked from otp.lane
     where user_id = $1 and lane = $2`,
    [account.id, strangers],
  );
  const refused = status === 401;
  if (refused) account.told.refused += 1;
  assert.ok(row && row.wrong >= 0 && row.wrong <= (refused ? 1 : 0), `${row?.wrong} wrong after one was accepted`);
  assert.ok(!row.locked, 'an accepted code leaves no lock behind');
  Object.assign(lane, { wrong: row.wrong, lock: 'none' });
  // The second is told of as a lock where it was the one that reached the limit.
  if (refused && before + 2 >= limits.lockAfter) account.told.locked = Number.NaN;
}

const code = fc.constantFrom(...codeKinds);

const login = fc
  .record({ account: fc.nat(9), rightPassword: fc.constantFrom(true, true, true, false), code })
  .map(logIn);
const answer = fc.record({ account: fc.nat(9), challenge: fc.nat(9), code }).map(answerChallenge);
const guesses = fc.record({ account: fc.nat(9), times: fc.integer({ min: 1, max: 4 }) }).map(guess);
const challengeGuesses = fc.record({ account: fc.nat(9), times: fc.integer({ min: 1, max: 3 }) }).map(guessAtChallenge);
const twice = fc.record({ account: fc.nat(9) }).map(logInTwice);

/** By how often they are drawn. */
export const logins = [
  ...[login, login, login, login, answer, answer, answer, answer, answer, answer],
  ...[twice, twice, guesses, guesses, challengeGuesses, challengeGuesses],
];
