import type { UsersContext } from '../context.ts';
import { type Flag, findFlag, raiseFlag } from '../store/flags.ts';

/**
 * Sets the flag unless it already comes from that version of the factor or a later one (promise 6); gives the flag that
 * stands then. The second look is a statement of its own: in one, it would not see what the first had to wait for.
 */
export async function followFactor({ db }: UsersContext, id: string, flag: Flag): Promise<Flag | undefined> {
  return (await raiseFlag(db, id, flag)) ?? (await findFlag(db, id));
}
