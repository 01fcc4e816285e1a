import type { OtpContext } from '../context.ts';
import { type Flag, listFlags } from '../store/factors.ts';

/** Factors in the order of ids, for the sweep that compares them with the flags. */
export async function pageFlags(
  { db }: OtpContext,
  { after, limit }: { after: string; limit: number },
): Promise<{ flags: Flag[] }> {
  return { flags: await listFlags(db, after, limit) };
}
