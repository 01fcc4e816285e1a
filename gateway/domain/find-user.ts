import type { Account } from '@sallyport/contracts';
import type { GatewayContext } from '../context.ts';
import type { Asker } from './asker.ts';

/** An account as an admin sees it: wrong codes in a row followed right passwords, so the password is known to somebody. */
export interface ViewedAccount {
  account: Account;
  wrongCodes: number;
}

export async function findUser(context: GatewayContext, asker: Asker, id: string): Promise<ViewedAccount | undefined> {
  return view(context, asker, await context.users.findAccount(asker.request, id));
}

/** @param username in its canonical form */
export async function findUserByName(
  context: GatewayContext,
  asker: Asker,
  username: string,
): Promise<ViewedAccount | undefined> {
  return view(context, asker, await context.users.findAccountByName(asker.request, username));
}

async function view(context: GatewayContext, { request }: Asker, account: Account | undefined) {
  if (account === undefined) return undefined;
  const { wrong_codes } = await context.otp.countWrongCodes(request, account.id);
  return { account, wrongCodes: wrong_codes };
}
