import { users } from '@sallyport/contracts';
import { reply, route } from '@sallyport/http';
import type { UsersContext } from '../context.ts';
import { createAccount } from '../domain/create-account.ts';

export const createAccountRoute = route(
  { method: 'post', path: '/accounts', body: users.CreateAccount },
  async (context: UsersContext, { body, context: request }) => {
    return reply(200, await createAccount(context, body, request));
  },
);
