import { Unavailable } from '@sallyport/contracts';

const mostInLine = 200;
const longestMs = 3_000;

/**
 * Does one thing for each key at a time, in the order asked for.
 * @throws Unavailable where one waits for more than 3 s, or behind too many
 */
export function createLines() {
  const lines = new Map<string, { length: number; last: Promise<unknown> | undefined }>();

  async function afterwards<Result>(before: Promise<unknown>, work: () => Promise<Result>): Promise<Result> {
    const since = performance.now();
    await before.catch(() => {});
    if (performance.now() - since < longestMs) return work();
    throw refusal('the statements before take too long');
  }

  return async <Result>(key: string, work: () => Promise<Result>): Promise<Result> => {
    const line = lines.get(key) ?? { length: 0, last: undefined };
    if (line.length >= mostInLine) throw refusal('too many statements wait for one another');
    lines.set(key, line);
    line.length += 1;
    const own = line.last === undefined ? work() : afterwards(line.last, work);
    line.last = own;
    try {
      return await own;
    } finally {
      line.length -= 1;
      if (line.length === 0) lines.delete(key);
    }
  };
}

function refusal(why: string): Unavailable {
  return new Unavailable('postgres', { cause: new Error(why) });
}
