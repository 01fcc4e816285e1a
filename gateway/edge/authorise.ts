import { Refusal, refuse } from '@sallyport/http';
import type { RequestHandler } from 'express';
import type { GatewayContext } from '../context.ts';
import type { Caller, GatewayRoute } from '../gateway-route.ts';
import { problems } from '../problems.ts';
import type { Session } from '../store/sessions.ts';

type Wanted = Pick<GatewayRoute, 'roles' | 'notForRequiredRoles' | 'beforeEnrolment' | 'fresh'>;

/** Whether the caller's session may do what the route does: role, second factor, freshness, in this order. */
export function authorise(context: GatewayContext, wanted: Wanted): RequestHandler {
  return (req, res, next) => {
    const { session } = res.locals.caller as Caller;
    const answer = session && refuseSession(context, wanted, session, req.params.id === session.id);
    if (answer) throw new Refusal(answer);
    next();
  };
}

function refuseSession(context: GatewayContext, wanted: Wanted, session: Session, onItself: boolean) {
  const { roles, notForRequiredRoles, beforeEnrolment, fresh } = wanted;
  if (roles && !session.roles.some((role) => roles.includes(role))) {
    return refuse(problems.forbidden, { detail: 'This account has no role for that.' });
  }
  if (notForRequiredRoles && needsFactor(context, session)) {
    return refuse(problems.forbidden, { detail: 'A role of this account needs a second factor.' });
  }
  const factorWanted = roles !== undefined || (!beforeEnrolment && needsFactor(context, session));
  if (factorWanted && !session.amr.includes('otp')) {
    return refuse(problems['enrolment-required'], {
      detail: 'A role of this account needs a second factor: enrol one at /auth/otp/setup.',
    });
  }
  const age = context.now() / 1_000 - session.authTime;
  if (fresh && !(fresh === 'for others' && onItself) && age > context.config.FRESH_SECONDS) {
    return refuse(problems['reauthentication-required'], { detail: 'Authenticate again at /reauthenticate.' });
  }
  return undefined;
}

/** Whether one of the account's roles is worth nothing without a second factor. */
function needsFactor({ config }: GatewayContext, session: Session): boolean {
  return session.roles.some((role) => config.OTP_REQUIRED_ROLES.includes(role));
}
