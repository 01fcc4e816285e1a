import { users } from '@sallyport/contracts';
import { reply, route } from '@sallyport/http';
import type { UsersContext } from '../context.ts';
import { changePassword } from '../domain/change-password.ts';
import { longestPassword } from '../domain/password-length.ts';
import { AccountPath } from './account-path.ts';
import { refuseField } from './refuse-field.ts';

export const changePasswordRoute = route(
  { method: 'put', path: '/accounts/:id/password', params: AccountPath, body: users.ChangePassword },
  async (context: UsersContext, { params, body, context: request }) => {
    const change = { id: params.id, epoch: body.epoch, newPassword: body.new_password };
    const result = await changePassword(context, change, request);
    if (result.outcome === 'new-password-too-long') {
      return refuseField('new_password', `must have at most ${longestPassword} characters`);
    }
    return reply(200, result);
  },
);
