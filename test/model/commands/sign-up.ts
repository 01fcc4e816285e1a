import { randomBytes } from 'node:crypto';
import fc from 'fast-check';
import { command, hold } from '../command.ts';
import { openSession } from '../sessions.ts';

export const signUp = () =>
  command(
    'signUp',
    {},
    async (model, system) => {
      const username = `model-${randomBytes(6).toString('hex')}@example.com`;
      const password = `a long pass phrase ${randomBytes(4).toString('hex')}`;
      const answer = await system.api('POST', '/signup', { body: { username, password } });
      if (answer.status === 503 && system.kill) return;
      hold(answer, { status: 201 }, 'a signup');
      const account = {
        id: answer.body.user.id,
        username,
        password,
        locked: false,
        secret: undefined,
        lastStep: 0,
        recoveryCodes: [],
        enrolment: undefined,
        lanes: new Map(),
        sessions: [],
        challenges: [],
        told: { verified: 0, recovered: 0, refused: 0, locked: 0 },
        unsure: false,
      };
      openSession(system, account, answer);
      model.accounts.push(account);
    },
    (model) => model.accounts.length < 3,
  );

const signUpAgain = (account: number) =>
  command('signUpAgain', { account }, async (model, system) => {
    const taken = model.accounts[account % model.accounts.length];
    if (!taken) return;
    const body = { username: taken.username.toUpperCase(), password: 'a long pass phrase of another' };
    const answer = await system.api('POST', '/signup', { body });
    if (answer.status === 503 && system.kill) return;
    hold(answer, { status: 409, code: 'username-taken' }, 'a name that somebody has');
  });

export const signUps = [fc.constant(signUp()), fc.nat(9).map(signUpAgain)];
