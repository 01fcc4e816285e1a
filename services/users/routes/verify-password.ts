import { users } from '@sallyport/contracts';
import { reply, route } from '@sallyport/http';
import type { UsersContext } from '../context.ts';
import { longestPassword } from '../domain/password-length.ts';
import { verifyPassword } from '../domain/verify-password.ts';
import { refuseField } from './refuse-field.ts';

export const verifyPasswordRoute = route(
  { method: 'post', path: '/passwords/verify', body: users.VerifyPassword },
  async (context: UsersContext, { body }) => {
    const result = await verifyPassword(context, body);
    if (result.outcome === 'new-password-too-long') {
      return refuseField('new_password', `must have at most ${longestPassword} characters`);
    }
    return reply(200, result);
  },
);
