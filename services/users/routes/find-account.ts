import { reply, route } from '@sallyport/http';
import type { UsersContext } from '../context.ts';
import { lookUpAccount } from '../domain/look-up-account.ts';
import { AccountPath } from './account-path.ts';

export const findAccountRoute = route(
  { method: 'get', path: '/accounts/:id', params: AccountPath },
  async (context: UsersContext, { params }) => reply(200, await lookUpAccount(context, params.id)),
);
