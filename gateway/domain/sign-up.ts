import type { GatewayContext } from '../context.ts';
import type { Asker } from './asker.ts';
import { EventLog } from './event-log.ts';
import { type Issued, issueSession } from './issue-session.ts';
import type { Limited } from './limited.ts';
import { refuseLimited } from './note-blocked.ts';
import { noFactorYet } from './prove-code.ts';
import { passwordJustSet } from './prove-password.ts';

export type SignUpResult =
  | { outcome: 'signed-up'; issued: Issued }
  | { outcome: 'closed' }
  | Limited
  | { outcome: 'username-taken' }
  | { outcome: 'weak-password'; reason: string }
  | { outcome: 'overtaken' };

/** Creates an account and its first session; the signup is counted before anybody looks at the name. */
export async function signUp(
  context: GatewayContext,
  asker: Asker,
  body: { username: string; password: string },
): Promise<SignUpResult> {
  if (context.config.SIGNUP === 'closed') return { outcome: 'closed' };
  const retryAfterSeconds = await countSignup(context, asker);
  if (retryAfterSeconds !== undefined) return refuseLimited(context, asker, 'signup', retryAfterSeconds);
  const log = new EventLog(context, asker.request);
  const creation = await context.users.createAccount(asker.request, body);
  if (creation.outcome !== 'created') return creation;
  log.collect('users', creation);
  const { account } = creation;
  const issued = await issueSession(context, asker, log, passwordJustSet(account), noFactorYet(account), null);
  return issued === undefined ? { outcome: 'overtaken' } : { outcome: 'signed-up', issued };
}

/** At the address, and where that lets it pass at its site: no one address uses up what many share. */
async function countSignup({ limits }: GatewayContext, { address, site }: Asker): Promise<number | undefined> {
  const own = await limits.signups.count(address);
  return own === undefined && site !== undefined ? limits.siteSignups.count(site) : own;
}
