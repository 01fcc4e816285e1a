import type { FlagPage } from '@sallyport/contracts';
import type { z } from 'zod';
import type { UsersContext } from '../context.ts';
import { listFlags } from '../store/flags.ts';

const beforeAll = '00000000-0000-0000-0000-000000000000';

/** The flags of the accounts that come after one in the order of ids; from the first without one. */
export async function pageFlags(
  { db }: UsersContext,
  page: { after?: string | undefined; limit: number },
): Promise<z.infer<typeof FlagPage>> {
  return { flags: await listFlags(db, page.after ?? beforeAll, page.limit) };
}
