import { reply, route } from '@sallyport/http';
import { z } from 'zod';
import type { UsersContext } from '../context.ts';
import { lookUpAccount, lookUpByName } from '../domain/look-up-account.ts';
import { AccountPath } from './account-path.ts';

export const findAccountRoute = route(
  { method: 'get', path: '/accounts/:id', params: AccountPath },
  async (context: UsersContext, { params }) => reply(200, await lookUpAccount(context, params.id)),
);

export const findAccountByNameRoute = route(
  { method: 'get', path: '/accounts', query: z.object({ username: z.string() }) },
  async (context: UsersContext, { query }) => reply(200, await lookUpByName(context, query.username)),
);
