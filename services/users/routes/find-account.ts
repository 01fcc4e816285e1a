import { reply, route } from '@sallyport/http';
import type { UsersContext } from '../context.ts';
import { findAccount } from '../store/find-account.ts';
import { AccountPath } from './account-path.ts';

export const findAccountRoute = route(
  { method: 'get', path: '/accounts/:id', params: AccountPath },
  async ({ db }: UsersContext, { params }) => {
    const account = await findAccount(db, params.id);
    return reply(200, account ? { outcome: 'found', account } : { outcome: 'unknown-account' });
  },
);
