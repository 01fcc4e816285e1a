import { reply } from '@sallyport/http';
import { changePassword } from '../domain/change-password.ts';
import { reauthenticate } from '../domain/reauthenticate.ts';
import { gatewayRoute } from '../gateway-route.ts';
import { refuseProof, unauthenticated } from '../refusals.ts';
import { codeOf, PasswordChange, Reauthentication } from '../schemas/inputs.ts';
import { Tokens, User } from '../schemas/outputs.ts';
import { replyTokens } from './tokens.ts';

const me = gatewayRoute(
  {
    method: 'get',
    path: '/me',
    summary: 'The account that the token is for',
    tag: 'account',
    access: 'bearer',
    beforeEnrolment: true,
    answers: { 200: { description: 'The account', schema: User } },
  },
  async (context, { caller }) => {
    const account = await context.users.findAccount(caller.asker.request, caller.session.userId);
    if (account === undefined) return unauthenticated();
    const { id, username, otp_enabled, roles, created_at } = account;
    return reply(200, { id, username, otp_enabled, roles, created_at });
  },
);

const password = gatewayRoute(
  {
    method: 'put',
    path: '/me/password',
    summary: 'Changes the password and ends every other session and challenge',
    tag: 'account',
    access: 'bearer',
    guesses: 'counted',
    body: PasswordChange,
    answers: { 204: { description: 'The new password stands' } },
    problems: ['invalid-credentials', 'invalid-otp', 'weak-password'],
  },
  async (context, { body, caller }) => {
    const given = { password: body.current_password, newPassword: body.new_password, code: codeOf(body) };
    const result = await changePassword(context, caller.asker, caller.session, given);
    return result.outcome === 'changed' ? reply(204) : refuseProof(context, result);
  },
);

const again = gatewayRoute(
  {
    method: 'post',
    path: '/reauthenticate',
    summary: 'Proves the owner anew, for calls that want a fresh session',
    tag: 'account',
    access: 'bearer',
    beforeEnrolment: true,
    guesses: 'counted',
    body: Reauthentication,
    answers: { 200: { description: 'Tokens of the same session with a fresh auth_time', schema: Tokens } },
    problems: ['invalid-credentials', 'invalid-otp'],
  },
  async (context, { body, caller }) => {
    const given = { password: body.password, code: codeOf(body) };
    const result = await reauthenticate(context, caller.asker, caller.session, given);
    return result.outcome === 'done' ? replyTokens(context, 200, result.issued) : refuseProof(context, result);
  },
);

export const accountRoutes = [me, password, again];
