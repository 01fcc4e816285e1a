import { type Account, type RequestContext, users } from '@sallyport/contracts';
import type { ServiceClient } from '@sallyport/http';

/** A hash may wait for its turn in users' queue; everything else answers at once. */
const hashDeadlineMs = 15_000;

/** What the gateway asks of users. Every call throws Unavailable unless the answer is exactly what it must be. */
export function createUsersClient(service: ServiceClient) {
  return {
    createAccount: (context: RequestContext, body: { username: string; password: string }) =>
      service.call('POST', '/accounts', { answer: users.AccountCreation, context, body, deadlineMs: hashDeadlineMs }),

    async verifyPassword(
      context: RequestContext,
      body: { password: string } & ({ username: string } | { account_id: string; new_password?: string }),
    ) {
      const answer = users.PasswordVerification;
      return service.call('POST', '/passwords/verify', { answer, context, body, deadlineMs: hashDeadlineMs });
    },

    async findAccount(context: RequestContext, id: string): Promise<Account | undefined> {
      const found = await service.call('GET', `/accounts/${id}`, { answer: users.AccountLookup, context });
      return found.outcome === 'found' && found.account.id === id ? found.account : undefined;
    },

    changePassword: (context: RequestContext, id: string, body: { epoch: number; new_password: string }) =>
      service.call('PUT', `/accounts/${id}/password`, {
        answer: users.PasswordChange,
        context,
        body,
        deadlineMs: hashDeadlineMs,
      }),

    setFlag: (context: RequestContext, id: string, body: { otp_enabled: boolean; factor_version: number }) =>
      service.call('PUT', `/accounts/${id}/otp_flag`, { answer: users.FlagChange, context, body }),
  };
}

export type UsersClient = ReturnType<typeof createUsersClient>;
