import { randomUUID } from 'node:crypto';
import type { RequestContext } from '@sallyport/contracts';

/** The context of calls that the gateway makes on its own behalf. */
export function systemContext(): RequestContext {
  return { request_id: `audit-${randomUUID()}`, ip: null, user_agent: null, session_id: null };
}
