import assert from 'node:assert/strict';
import fc from 'fast-check';
import type { Answered } from '../../support/api.ts';
import { command, hold, pickAccount, pickSession, refusals, settled } from '../command.ts';
import { type Account, isFresh, isGood, type ModelSession } from '../model.ts';
import { renewAccess } from '../sessions.ts';
import type { System } from '../system.ts';

interface Asking {
  account: number;
  session: number;
}

const graceMs = 10_000;
const marginMs = 4_000;

async function rotate(system: System, account: Account, session: ModelSession): Promise<boolean> {
  const body = { refresh_token: session.refreshTokens.at(-1) };
  const answer = settled(system, account, await system.api('POST', '/token/refresh', { body }));
  if (answer) noteRotation(system, session, answer);
  return answer !== undefined;
}

function noteRotation(system: System, session: ModelSession, answer: Answered): void {
  hold(answer, { status: 200 }, 'the present refresh token');
  assert.ok(!session.refreshTokens.includes(answer.body.refresh_token), 'rotated');
  session.refreshTokens.push(answer.body.refresh_token);
  session.rotatedAt = Date.now();
  renewAccess(system, session, answer);
}

/** `back` counts from the present refresh token on: 0 is that, 1 the newest used one. */
const refresh = (drawn: Asking & { back: number }) =>
  command('refresh', drawn, async (model, system, { account: at, session: which, back }) => {
    const account = pickAccount(model, at);
    const session = account && pickSession(account, which);
    if (!account || !session) return;
    while (session.live && session.refreshTokens.length <= back) {
      if (!(await rotate(system, account, session))) return;
    }
    const refresh_token = session.refreshTokens.at(-1 - back);
    if (!refresh_token) return;
    const sinceRotation = session.rotatedAt === undefined ? graceMs * 2 : Date.now() - session.rotatedAt;
    if (back === 1 && Math.abs(sinceRotation - graceMs) < marginMs) return;
    const answer = settled(system, account, await system.api('POST', '/token/refresh', { body: { refresh_token } }));
    if (!answer) return;
    if (!session.live) return hold(answer, refusals.refresh, 'a session that has ended');
    if (back === 0) {
      noteRotation(system, session, answer);
    } else if (back === 1 && sinceRotation < graceMs) {
      hold(answer, { status: 200 }, 'the newest used refresh token, soon');
      assert.equal(answer.body.refresh_token, session.refreshTokens.at(-1), 'one successor');
      renewAccess(system, session, answer);
    } else {
      hold(answer, refusals.refresh, 'a used refresh token');
      session.live = false;
    }
  });

const refreshTwice = (drawn: Asking) =>
  command('refreshTwice', drawn, async (model, system, { account: at, session: which }) => {
    const account = pickAccount(model, at);
    const session = account && pickSession(account, which);
    if (!account || !session?.live) return;
    const body = { refresh_token: session.refreshTokens.at(-1) };
    const twice = [0, 1].map(() => system.api('POST', '/token/refresh', { body }));
    const [first, second] = (await Promise.all(twice)).map((answer) => settled(system, account, answer));
    if (!first || !second) return;
    for (const answer of [first, second]) hold(answer, { status: 200 }, 'two at once');
    assert.equal(first.body.refresh_token, second.body.refresh_token, 'one successor');
    session.refreshTokens.push(first.body.refresh_token);
    session.rotatedAt = Date.now();
    renewAccess(system, session, first);
  });

const graceEnds = (drawn: Asking) =>
  command('graceEnds', drawn, async (model, system, { account: at, session: which }) => {
    const account = pickAccount(model, at);
    const session = account && pickSession(account, which);
    if (!session || session.rotatedAt === undefined) return;
    await system.sql(`update gateway.session set rotated_at = rotated_at - interval '20 seconds' where id = $1`, [
      session.id,
    ]);
    session.rotatedAt = undefined;
  });

const logOut = (drawn: Asking & { by: 'access' | 'refresh' }) =>
  command('logOut', drawn, async (model, system, { account: at, session: which, by }) => {
    const account = pickAccount(model, at);
    const session = account && pickSession(account, which);
    if (!account || !session) return;
    const good = by === 'access' ? isGood(session, system.now()) : session.live;
    if (good === undefined) return;
    const call =
      by === 'access' ? { token: session.accessToken } : { body: { refresh_token: session.refreshTokens.at(-1) } };
    const answer = settled(system, account, await system.api('POST', '/logout', call));
    if (!answer) return;
    hold(answer, good ? { status: 204 } : refusals.session, 'logging out');
    if (good) session.live = false;
  });

const list = (drawn: Asking) =>
  command('list', drawn, async (model, system, { account: at, session: which }) => {
    const account = pickAccount(model, at);
    const session = account && pickSession(account, which);
    const good = session && isGood(session, system.now());
    if (!account || !session || good === undefined) return;
    const answer = settled(system, account, await system.api('GET', '/sessions', { token: session.accessToken }));
    if (!answer) return;
    if (!good) return hold(answer, refusals.session, 'a session that has ended');
    hold(answer, { status: 200 }, 'the list of sessions');
    const ids: string[] = answer.body.sessions.map(({ id }: { id: string }) => id);
    const live = account.sessions.filter((one) => one.live).map(({ id }) => id);
    assert.deepEqual(ids.sort(), live.sort(), 'exactly the live ones');
  });

const end = (drawn: Asking & { ended: number; foreign: boolean }) =>
  command('end', drawn, async (model, system, { account: at, session: which, ended, foreign }) => {
    const account = pickAccount(model, at);
    const session = account && pickSession(account, which);
    const owner = foreign ? pickAccount(model, at + 1) : account;
    const target = owner && pickSession(owner, ended);
    if (!account || !session || !target) return;
    const [good, fresh] = [isGood(session, system.now()), isFresh(session, system.now())];
    if (good === undefined || fresh === undefined) return;
    const call = { token: session.accessToken };
    const answer = settled(system, account, await system.api('DELETE', `/sessions/${target.id}`, call));
    if (!answer) return;
    if (!good) return hold(answer, refusals.session, 'a session that has ended');
    if (!fresh && target !== session) return hold(answer, refusals.stale, 'a session that is not fresh');
    const ends = target.live && account.sessions.includes(target);
    hold(answer, ends ? { status: 204 } : refusals.notFound, 'ending a session');
    if (ends) target.live = false;
  });

const asking = { account: fc.nat(9), session: fc.nat(9) };

const refreshing = fc.record({ ...asking, back: fc.constantFrom(0, 0, 0, 1, 1, 2) }).map(refresh);
const listing = fc.record(asking).map(list);

/** By how often they are drawn. */
export const sessionUses = [
  ...[refreshing, refreshing, refreshing, refreshing, listing, listing],
  fc.record(asking).map(refreshTwice),
  fc.record(asking).map(graceEnds),
  fc.record({ ...asking, by: fc.constantFrom('access' as const, 'refresh' as const) }).map(logOut),
  fc.record({ ...asking, ended: fc.nat(9), foreign: fc.boolean() }).map(end),
];
