import assert from 'node:assert/strict';
import fc from 'fast-check';
import { attempt } from '../../support/process-people.ts';
import { rightCode } from '../codes.ts';
import { command, pickAccount } from '../command.ts';
import { endChallenges } from '../model.ts';
import { type PartName, partNames } from '../system.ts';

/** Challenges are void with Redis; whatever was spent or counted is not. */
const emptyRedis = () =>
  command('emptyRedis', {}, async (model, system) => {
    await system.emptyRedis?.();
    for (const account of model.accounts) endChallenges(account);
  });

const kill = (drawn: { part: PartName }) =>
  command('kill', drawn, async (model, system, { part }) => {
    await system.restart?.(part);
    if (part !== 'gateway' || !system.challengesInMemory) return;
    for (const account of model.accounts) endChallenges(account);
  });

/** A part dies under a login. Whatever came of that, the code is good once at most (promises 1 and 2). */
const killUnderLogin = (drawn: { account: number; part: PartName }) =>
  command('killUnderLogin', drawn, async (model, system, { account: at, part }) => {
    const account = pickAccount(model, at);
    if (!account?.secret || account.locked || !system.kill) return;
    const code = rightCode(system, account, account.secret);
    if (!code) return;
    account.unsure = true;
    const body = { username: account.username, password: account.password, ...code };
    const first = attempt(system.api('POST', '/login', { body }));
    await system.kill(part);
    await first;
    await system.restart?.(part);
    const again = await attempt(system.api('POST', '/login', { body }));
    const successes = [await first, again].filter((answer) => answer?.status === 200).length;
    assert.ok(successes <= 1, 'one code, one success');
    if (part === 'gateway' && system.challengesInMemory) for (const each of model.accounts) endChallenges(each);
  });

export const redisLosses = [fc.constant(emptyRedis())];
export const kills = [
  fc.constantFrom(...partNames).map((part) => kill({ part })),
  fc.record({ account: fc.nat(9), part: fc.constantFrom(...partNames) }).map(killUnderLogin),
];
