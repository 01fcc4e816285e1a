import { type Db, gathered } from '@sallyport/postgres';
import { findLiveSessions, type Session } from './sessions.ts';

/** Finds the session if it lives now: asked anew at every request, never remembered. */
export type FindLiveSession = (id: string) => Promise<Session | undefined>;

export function createFindLiveSession(db: Db, idleSeconds: number): FindLiveSession {
  const find = gathered<string, Session | undefined>(async (asked, ids) => {
    const found = await findLiveSessions(asked, ids, idleSeconds);
    return ids.map((id) => found.get(id));
  });
  return (id) => find(db, id);
}
