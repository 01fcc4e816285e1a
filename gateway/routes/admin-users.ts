import type { Account } from '@sallyport/contracts';
import { type Answer, refuse, reply } from '@sallyport/http';
import { z } from 'zod';
import type { GatewayContext } from '../context.ts';
import {
  type AdminAct,
  type AdminResult,
  endUserSessions,
  lockUser,
  setUserRoles,
  unlockUser,
} from '../domain/administer-user.ts';
import type { Asker } from '../domain/asker.ts';
import { findUser, findUserByName, type ViewedAccount } from '../domain/find-user.ts';
import { gatewayRoute } from '../gateway-route.ts';
import { problems } from '../problems.ts';
import { AdminOrder, RoleChange, UserQuery } from '../schemas/inputs.ts';
import { AdminUser, ViewedUser, ViewedUsers } from '../schemas/outputs.ts';
import { readId } from '../schemas/read-id.ts';

const forAdmins = { tag: 'administration', access: 'bearer', roles: ['admin'], fresh: 'always' } as const;

const UserPath = z.object({ id: z.string().meta({ description: 'The id of an account' }) });

const list = gatewayRoute(
  {
    ...forAdmins,
    method: 'get',
    path: '/admin/users',
    summary: 'The account of that name, in any form of it',
    query: UserQuery,
    answers: { 200: { description: 'One account or none', schema: ViewedUsers } },
  },
  async (context, { query, caller }) => {
    const found = await findUserByName(context, caller.asker, query.username);
    return reply(200, { users: found ? [toViewed(found)] : [] });
  },
);

const show = gatewayRoute(
  {
    ...forAdmins,
    method: 'get',
    path: '/admin/users/:id',
    summary: 'An account',
    params: UserPath,
    answers: { 200: { description: 'The account', schema: ViewedUser } },
    problems: ['not-found'],
  },
  async (context, { params, caller }) => {
    const id = readId(params.id);
    const found = id && (await findUser(context, caller.asker, id));
    return found ? reply(200, toViewed(found)) : noSuchUser();
  },
);

const lock = orderRoute('lock', 'Locks an account: nothing of it lives on, and nobody logs in', lockUser);
const unlock = orderRoute('unlock', 'Ends every lock of an account, those of codes and passwords too', unlockUser);
const endSessions = orderRoute('sessions/revoke', 'Ends all sessions and challenges of an account', endUserSessions);

const roles = gatewayRoute(
  {
    ...forAdmins,
    method: 'put',
    path: '/admin/users/:id/roles',
    summary: 'Sets the roles of an account; where it loses one, its sessions end',
    params: UserPath,
    body: RoleChange,
    answers: { 200: { description: 'The account', schema: AdminUser } },
    problems: ['not-found', 'last-admin'],
  },
  async (context, { params, body, caller }) => {
    const userId = readId(params.id);
    if (userId === undefined) return noSuchUser();
    const act = { userId, adminId: caller.session.userId, ...body };
    const result = await setUserRoles(context, caller.asker, act);
    return result.outcome === 'done' ? reply(200, toUser(result.account)) : refuseAct(result);
  },
);

export const adminUsersRoutes = [list, show, lock, unlock, endSessions, roles];

type Act = (context: GatewayContext, asker: Asker, act: AdminAct) => Promise<AdminResult>;

/** A call that gives a reason and answers nothing. */
function orderRoute(path: string, summary: string, act: Act) {
  return gatewayRoute(
    {
      ...forAdmins,
      method: 'post',
      path: `/admin/users/:id/${path}`,
      summary,
      params: UserPath,
      body: AdminOrder,
      answers: { 204: { description: 'Done, or nothing was left to do' } },
      problems: ['not-found', 'last-admin'],
    },
    async (context, { params, body, caller }) => {
      const userId = readId(params.id);
      if (userId === undefined) return noSuchUser();
      const adminId = caller.session.userId;
      const result = await act(context, caller.asker, { userId, adminId, reason: body.reason });
      return result.outcome === 'done' ? reply(204) : refuseAct(result);
    },
  );
}

function refuseAct({ outcome }: Exclude<AdminResult, { outcome: 'done' }>): Answer {
  switch (outcome) {
    case 'unknown-account':
      return noSuchUser();
    case 'last-admin':
      return refuse(problems['last-admin'], { detail: 'Nobody would be left who can administer: make another admin.' });
    case 'not-admin':
      return refuse(problems.forbidden, { detail: 'This account has no role for that any more.' });
  }
}

const noSuchUser = () => refuse(problems['not-found'], { detail: 'There is no such account.' });

function toUser({ id, username, roles, otp_enabled, locked, created_at }: Account) {
  return { id, username, roles, otp_enabled, locked, created_at };
}

function toViewed({ account, wrongCodes }: ViewedAccount) {
  return { ...toUser(account), wrong_codes: wrongCodes };
}
