import { users } from '@sallyport/contracts';
import { reply, route } from '@sallyport/http';
import type { UsersContext } from '../context.ts';
import { createAccount } from '../domain/create-account.ts';
import { longestPassword } from '../domain/password-length.ts';
import { refuseField } from './refuse-field.ts';

export const createAccountRoute = route(
  { method: 'post', path: '/accounts', body: users.CreateAccount },
  async (context: UsersContext, { body, context: request }) => {
    const result = await createAccount(context, body, request);
    if (result.outcome === 'invalid-username') return refuseField('username', 'must have 3 to 254 visible characters');
    if (result.outcome === 'password-too-long') {
      return refuseField('password', `must have at most ${longestPassword} characters`);
    }
    return reply(200, result);
  },
);
