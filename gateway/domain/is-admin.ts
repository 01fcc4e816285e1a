import type { GatewayContext } from '../context.ts';
import type { Asker } from './asker.ts';

/** Whether an account is an admin as users has it now: what a session or a request says of that may be overtaken. */
export async function isAdmin(context: GatewayContext, asker: Asker, id: string | null): Promise<boolean> {
  const account = id === null ? undefined : await context.users.findAccount(asker.request, id);
  return account !== undefined && !account.locked && account.roles.includes('admin');
}
