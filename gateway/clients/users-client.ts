import { type Account, type RequestContext, Unavailable, users } from '@sallyport/contracts';
import type { ServiceClient } from '@sallyport/http/service-client';

/** A hash may wait for its turn in users' queue; everything else answers at once. */
const hashDeadlineMs = 15_000;

/** Which admin asks, and why. */
interface AdminOrder {
  admin_id: string;
  reason: string;
}

/** What the gateway asks of users. Every call throws Unavailable unless the answer is exactly what it must be. */
export function createUsersClient(service: ServiceClient) {
  const order =
    <Body extends AdminOrder>(method: 'POST' | 'PUT', path: string) =>
    async (context: RequestContext, id: string, body: Body): Promise<users.AdminChange> => {
      const change = await service.call(method, `/accounts/${id}/${path}`, {
        answer: users.AdminChange,
        context,
        body,
      });
      if ('account' in change) requireSame(change.account.id, id);
      return change;
    };

  return {
    createAccount: (context: RequestContext, body: { username: string; password: string }) =>
      service.call('POST', '/accounts', { answer: users.AccountCreation, context, body, deadlineMs: hashDeadlineMs }),

    async verifyPassword(
      context: RequestContext,
      body: { password: string } & ({ username: string } | { account_id: string; new_password?: string | undefined }),
    ) {
      const options = { answer: users.PasswordVerification, context, body, deadlineMs: hashDeadlineMs };
      const verified = await service.call('POST', '/passwords/verify', options);
      if ('account_id' in body && 'account' in verified) requireSame(verified.account.id, body.account_id);
      return verified;
    },

    async findAccount(context: RequestContext, id: string): Promise<Account | undefined> {
      const found = await service.call('GET', `/accounts/${id}`, { answer: users.AccountLookup, context });
      if (found.outcome !== 'found') return undefined;
      requireSame(found.account.id, id);
      return found.account;
    },

    async findAccountByName(context: RequestContext, username: string): Promise<Account | undefined> {
      const path = `/accounts?username=${encodeURIComponent(username)}`;
      const found = await service.call('GET', path, { answer: users.AccountLookup, context });
      if (found.outcome !== 'found') return undefined;
      requireSame(found.account.username, username);
      return found.account;
    },

    lock: order('POST', 'lock'),
    unlock: order('POST', 'unlock'),
    endSessions: order('POST', 'end_sessions'),
    setRoles: order<AdminOrder & { roles: string[] }>('PUT', 'roles'),

    measureCoverage: (context: RequestContext) => service.call('GET', '/coverage', { answer: users.Coverage, context }),

    async changePassword(context: RequestContext, id: string, body: { epoch: number; new_password: string }) {
      const options = { answer: users.PasswordChange, context, body, deadlineMs: hashDeadlineMs };
      const change = await service.call('PUT', `/accounts/${id}/password`, options);
      if ('account' in change) requireSame(change.account.id, id);
      return change;
    },

    setFlag: (context: RequestContext, id: string, body: { otp_enabled: boolean; factor_version: number }) =>
      service.call('PUT', `/accounts/${id}/otp_flag`, { answer: users.FlagChange, context, body }),
  };
}

export type UsersClient = ReturnType<typeof createUsersClient>;

/** An answer that speaks of another account is no answer. */
function requireSame(told: string, asked: string): void {
  if (told !== asked) throw new Unavailable('users', { cause: new Error('an answer about another account') });
}
