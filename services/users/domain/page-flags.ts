import type { FlagPage } from '@sallyport/contracts';
import type { z } from 'zod';
import type { UsersContext } from '../context.ts';
import { listFlags } from '../store/flags.ts';

/** The flags of the accounts that come after one in the order of ids. */
export async function pageFlags(
  { db }: UsersContext,
  page: { after: string; limit: number },
): Promise<z.infer<typeof FlagPage>> {
  return { flags: await listFlags(db, page.after, page.limit) };
}
