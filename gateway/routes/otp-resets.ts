import { refuse, reply } from '@sallyport/http';
import { z } from 'zod';
import { approve } from '../domain/approve-reset.ts';
import { requestReset } from '../domain/request-reset.ts';
import { gatewayRoute } from '../gateway-route.ts';
import { problems } from '../problems.ts';
import { AdminOrder } from '../schemas/inputs.ts';
import { OtpResetDone, OtpResetPending } from '../schemas/outputs.ts';
import { readId } from '../schemas/read-id.ts';

const noReset = () => refuse(problems['not-found'], { detail: 'There is no such request that could be approved.' });
const noAccount = () => refuse(problems['not-found'], { detail: 'There is no such account.' });

const request = gatewayRoute(
  {
    method: 'post',
    path: '/admin/users/:id/otp/reset',
    summary: "Asks that an account's second factor be removed",
    tag: 'administration',
    access: 'bearer',
    roles: ['admin'],
    fresh: 'always',
    params: z.object({ id: z.string().meta({ description: "The account's id" }) }),
    body: AdminOrder,
    answers: {
      200: { description: 'Removed: one admin is enough here (ADMIN_RESET_APPROVALS)', schema: OtpResetDone },
      202: { description: 'Waits for another admin, or for a part that is away', schema: OtpResetPending },
    },
    problems: ['forbidden', 'not-found', 'no-factor'],
  },
  async (context, { body, caller, params }) => {
    const userId = readId(params.id);
    if (userId === undefined) return noAccount();
    const given = { userId, reason: body.reason };
    const result = await requestReset(context, caller.asker, caller.session, given);
    switch (result.outcome) {
      case 'pending':
        return reply(202, { reset_id: result.resetId, status: 'pending' });
      case 'done':
        return reply(200, { reset_id: result.resetId, status: 'done' });
      case 'own-account':
        return refuse(problems.forbidden, { detail: 'Nobody resets a factor of his own.' });
      case 'not-admin':
        return refuse(problems.forbidden, { detail: 'This account has no role for that any more.' });
      case 'unknown-account':
        return noAccount();
      case 'no-factor':
        return refuse(problems['no-factor'], { detail: 'This account has no second factor.' });
    }
  },
);

const approval = gatewayRoute(
  {
    method: 'post',
    path: '/admin/otp_resets/:id/approve',
    summary: 'Approves the request of another admin; the factor is removed',
    tag: 'administration',
    access: 'bearer',
    roles: ['admin'],
    fresh: 'always',
    params: z.object({ id: z.string().meta({ description: 'The reset_id' }) }),
    answers: { 204: { description: 'Approved; where a part is away, the removal follows on its return' } },
    problems: ['forbidden', 'not-found'],
  },
  async (context, { caller, params }) => {
    const id = readId(params.id);
    if (id === undefined) return noReset();
    const { outcome } = await approve(context, caller.asker, caller.session, id);
    switch (outcome) {
      case 'approved':
        return reply(204);
      case 'forbidden':
        return refuse(problems.forbidden, { detail: 'It takes an admin who neither asked for it nor is the owner.' });
      case 'not-found':
        return noReset();
    }
  },
);

export const otpResetRoutes = [request, approval];
