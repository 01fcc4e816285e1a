import { users } from '@sallyport/contracts';
import { reply, route } from '@sallyport/http';
import type { UsersContext } from '../context.ts';
import { changePassword } from '../domain/change-password.ts';
import { AccountPath } from './account-path.ts';

export const changePasswordRoute = route(
  { method: 'put', path: '/accounts/:id/password', params: AccountPath, body: users.ChangePassword },
  async (context: UsersContext, { params, body, context: request }) => {
    const change = { id: params.id, epoch: body.epoch, newPassword: body.new_password };
    return reply(200, await changePassword(context, change, request));
  },
);
