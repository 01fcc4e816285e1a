import type { GatewayContext } from '../context.ts';
import type { Session } from '../store/sessions.ts';

/** Whether one of the account's roles is worth nothing without a second factor. */
export function needsFactor(context: Pick<GatewayContext, 'config'>, session: Pick<Session, 'roles'>): boolean {
  return session.roles.some((role) => context.config.OTP_REQUIRED_ROLES.includes(role));
}
