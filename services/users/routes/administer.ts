import { type RequestContext, users } from '@sallyport/contracts';
import { reply, route } from '@sallyport/http';
import type { UsersContext } from '../context.ts';
import { type Administer, endSessions, lock, setRoles, unlock } from '../domain/administer.ts';
import { AccountPath } from './account-path.ts';

export const lockAccountRoute = orderRoute('/accounts/:id/lock', lock);
export const unlockAccountRoute = orderRoute('/accounts/:id/unlock', unlock);
export const endSessionsRoute = orderRoute('/accounts/:id/end_sessions', endSessions);

export const setRolesRoute = route(
  { method: 'put', path: '/accounts/:id/roles', params: AccountPath, body: users.SetRoles },
  (context: UsersContext, { params, body, context: request }) =>
    answer(
      context,
      setRoles(() => body.roles),
      params.id,
      body,
      request,
    ),
);

function orderRoute(path: string, administer: Administer) {
  return route(
    { method: 'post', path, params: AccountPath, body: users.AdminOrder },
    (context: UsersContext, { params, body, context: request }) =>
      answer(context, administer, params.id, body, request),
  );
}

async function answer(
  context: UsersContext,
  administer: Administer,
  id: string,
  { admin_id, reason }: { admin_id: string; reason: string },
  request: RequestContext,
) {
  return reply(200, await administer(context, id, { actor: { type: 'account', id: admin_id }, reason }, request));
}
