import { type Account, loginBlocked, type ReasonOf } from '@sallyport/audit/record';
import type { GatewayContext } from '../context.ts';
import type { Asker } from './asker.ts';
import { EventLog } from './event-log.ts';
import type { Limited } from './limited.ts';

const reasons = {
  address: 'too-many-failures',
  signup: 'too-many-signups',
  password: 'too-many-passwords',
  stranger: 'too-many-passwords',
  code: 'codes-locked',
} as const satisfies Record<Limited['limit'], ReasonOf<'sallyport.login.blocked'>>;

type Needs = Pick<GatewayContext, 'changes' | 'now' | 'randomBytes'>;

/** Records that a credential came and is refused unlooked at. Where that fails, nobody gets further either. */
export async function noteBlocked(
  context: Needs,
  { request }: Pick<Asker, 'request'>,
  reason: ReasonOf<'sallyport.login.blocked'>,
  account: Account | null = null,
): Promise<void> {
  const log = new EventLog(context, request);
  log.add(loginBlocked(account, reason));
  await context.changes.note(log);
}

/** The refusal by a limited address of what comes from no known device. */
export async function refuseAddress(
  context: Needs,
  asker: Pick<Asker, 'request' | 'device' | 'limitedSeconds'>,
  account?: Account,
): Promise<Limited | undefined> {
  const seconds = await asker.limitedSeconds();
  return seconds === undefined || asker.device ? undefined : refuseLimited(context, asker, 'address', seconds, account);
}

/** The refusal by a limit, once it is recorded. */
export async function refuseLimited(
  context: Needs,
  asker: Pick<Asker, 'request'>,
  limit: Limited['limit'],
  retryAfterSeconds: number,
  account?: Account,
): Promise<Limited> {
  await noteBlocked(context, asker, reasons[limit], account);
  return { outcome: 'limited', limit, retryAfterSeconds };
}
