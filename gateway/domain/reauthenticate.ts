import { loginSucceeded } from '@sallyport/audit/record';
import type { GatewayContext } from '../context.ts';
import { carryOver, type Session } from '../store/sessions.ts';
import type { Asker } from './asker.ts';
import { EventLog } from './event-log.ts';
import { type Issued, pwdAndOtp, pwdOnly, withTokens } from './issue-session.ts';
import { proveAgain, type Refused } from './prove-again.ts';
import type { Code } from './prove-code.ts';

/** Makes a session fresh again: same session, same refresh token, a new time of authentication. */
export async function reauthenticate(
  context: GatewayContext,
  asker: Asker,
  session: Session,
  given: { password: string; code?: Code | undefined },
): Promise<Refused | { outcome: 'done'; issued: Issued }> {
  const log = new EventLog(context, asker.request);
  const proved = await proveAgain(context, asker, log, session, given);
  if (proved.outcome !== 'proved') return proved;
  const { account } = proved.password;
  const amr = proved.second.kind === 'code' ? pwdAndOtp : pwdOnly;
  const to = {
    epoch: account.epoch,
    factorVersion: proved.second.factorVersion,
    amr,
    authTime: Math.floor(context.now() / 1_000),
  };
  const carried = await context.changes.run(log, async (tx) => {
    const kept = await carryOver(tx, session, to);
    if (kept) log.add(loginSucceeded(account, { amr, reason: 'reauthenticated' }));
    return kept;
  });
  const issued = carried && withTokens(context, carried);
  return issued ? { outcome: 'done', issued } : { outcome: 'ended' };
}
