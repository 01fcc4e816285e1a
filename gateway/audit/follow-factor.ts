import { type Account, type FlagPage, otp, Unavailable, users } from '@sallyport/contracts';
import type { ServiceClient } from '@sallyport/http/service-client';
import type { z } from 'zod';
import { systemContext } from './system-context.ts';

type Client = Pick<ServiceClient, 'call'>;

export type Flag = z.infer<typeof FlagPage>['flags'][number];

/** How an account's factor stands now. */
export async function getFactor(client: Client, userId: string): Promise<otp.Factor> {
  const factor = await client.call('GET', `/factors/${userId}`, { answer: otp.Factor, context: systemContext() });
  if (factor.user_id !== userId) throw new Unavailable('otp', { cause: new Error('the factor of another account') });
  return factor;
}

export async function findAccount(client: Client, userId: string): Promise<Account | undefined> {
  const path = `/accounts/${userId}`;
  const found = await client.call('GET', path, { answer: users.AccountLookup, context: systemContext() });
  if (found.outcome === 'unknown-account') return undefined;
  if (found.account.id !== userId) throw new Unavailable('users', { cause: new Error('another account') });
  return found.account;
}

/** Sets the flag to a factor's state; users ignores what is older. An account that users doesn't know has no flag. */
export async function applyFlag(client: Client, { id, active, factor_version }: Flag): Promise<void> {
  const body: z.infer<typeof users.SetFlag> = { otp_enabled: active, factor_version };
  const path = `/accounts/${id}/otp_flag`;
  try {
    await client.call('PUT', path, { answer: users.FlagChange, context: systemContext(), body });
  } catch (error) {
    if (await findAccount(client, id)) throw error;
  }
}
