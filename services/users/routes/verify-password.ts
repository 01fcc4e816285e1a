import { users } from '@sallyport/contracts';
import { reply, route } from '@sallyport/http';
import type { UsersContext } from '../context.ts';
import { verifyPassword } from '../domain/verify-password.ts';

export const verifyPasswordRoute = route(
  { method: 'post', path: '/passwords/verify', body: users.VerifyPassword },
  async (context: UsersContext, { body, context: request }) => {
    return reply(200, await verifyPassword(context, body, request));
  },
);
