import { users } from '@sallyport/contracts';
import { commonProblems, refuse, reply, route } from '@sallyport/http';
import type { UsersContext } from '../context.ts';
import { followFactor } from '../domain/follow-factor.ts';
import { AccountPath } from './account-path.ts';

export const setFlagRoute = route(
  { method: 'put', path: '/accounts/:id/otp_flag', params: AccountPath, body: users.SetFlag },
  async (context: UsersContext, { params, body }) => {
    const standing = await followFactor(context, params.id, body);
    return standing ? reply(200, standing) : refuse(commonProblems['not-found']);
  },
);
