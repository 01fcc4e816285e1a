import type { LogPage, LogQuery } from './audit-http.ts';

/**
 * The number of the last event, in some two readings for each of its binary digits: numbers have no gap, so whether one
 * comes after a number says on which side of it the end is.
 */
export async function findEnd(read: (query: LogQuery) => Promise<LogPage>): Promise<number> {
  let end = 0;
  for (let none = Number.POSITIVE_INFINITY; end < none; ) {
    const after = none === Number.POSITIVE_INFINITY ? end * 2 : Math.floor((end + none) / 2);
    const { texts, last } = await read({ after, limit: 1 });
    if (texts.length > 0) end = last;
    else none = after;
  }
  return end;
}
