import type { Db } from '@sallyport/postgres';
import { outsideRequests, traced } from '@sallyport/tracing';
import DataLoader from 'dataloader';
import { findLiveSessions, type Session } from './sessions.ts';

/** Finds the session if it lives now: asked anew at every request, never remembered. */
export type FindLiveSession = (id: string) => Promise<Session | undefined>;

const mostTogether = 100;

/** Requests of one turn of the event loop are asked for by one statement. */
export function createFindLiveSession(db: Db, idleSeconds: number): FindLiveSession {
  const loader = new DataLoader<string, Session | undefined>(
    async (ids) => {
      const found = await findLiveSessions(db, ids, idleSeconds);
      return ids.map((id) => found.get(id));
    },
    {
      cache: false,
      maxBatchSize: mostTogether,
      batchScheduleFn: (ask) => void setImmediate(() => outsideRequests(ask)),
    },
  );
  return (id) => traced('internal', 'find live session', {}, () => loader.load(id));
}
