import { Unavailable } from '@sallyport/contracts';
import { type BeginSpan, beginSpan, outsideRequests, withinRequest } from '@sallyport/tracing';
import DataLoader from 'dataloader';
import type { Queryable } from './db.ts';
import { askedByMany } from './observe-statement.ts';

interface Options<Item> {
  /** Of two items with one key the second waits until the first is done: neither waits for the other's lock. */
  keyOf?: (item: Item) => string;
  /** How long one statement may hold up the next. */
  patienceMs?: number;
}

type Ask<Item, Result> = (item: Item) => Promise<Result>;

type Run<Item, Result> = (db: Queryable, items: readonly Item[]) => Promise<readonly Result[]>;

interface Asked<Item> {
  item: Item;
  begin: BeginSpan;
}

const usualPatienceMs = 20;
const mostTogether = 100;
const mostWaiting = 1_000;
const longestMs = 3_000;

/**
 * Has what many ask for at once go to PostgreSQL as one statement with one commit: what one turn of the event loop
 * brings, and what comes while a statement of this kind is under way. Each waits for the statement that held its item.
 * One that waits for somebody's lock holds up those that came with it, and the others for 20 ms at most. Where one fails of
 * anything but the database, nothing has changed, and each item is asked for alone: none fails by another's fault.
 * @param run answers in the order of the items; they come in the order of their keys, so that groups of several processes
 *   lock rows in one order
 * @throws Unavailable where too many wait, or one waits for more than 3 s behind others of its key
 */
export function gathered<Item, Result>(
  run: Run<Item, Result>,
  options: Options<Item> = {},
): (db: Queryable, item: Item) => Promise<Result> {
  const asks = new WeakMap<Queryable, Ask<Item, Result>>();
  return (db, item) => {
    const ask = asks.get(db) ?? createAsk(db, run, options);
    asks.set(db, ask);
    return ask(item);
  };
}

function createAsk<Item, Result>(db: Queryable, run: Run<Item, Result>, options: Options<Item>): Ask<Item, Result> {
  const { keyOf, patienceMs = usualPatienceMs } = options;
  const waiting: (() => void)[] = [];
  let underWay: symbol | undefined;
  let asking = 0;

  function next(): void {
    if (underWay !== undefined) return;
    const dispatch = waiting.shift();
    if (dispatch === undefined) return;
    underWay = Symbol();
    setImmediate(() => outsideRequests(dispatch));
  }

  async function inTurn(asked: readonly Asked<Item>[]): Promise<(Result | Error)[]> {
    const own = underWay;
    const letOthers = () => {
      if (underWay === own) underWay = undefined;
      next();
    };
    const patience = setTimeout(letOthers, patienceMs);
    try {
      return await answer(asked);
    } finally {
      clearTimeout(patience);
      letOthers();
    }
  }

  async function answer(asked: readonly Asked<Item>[]): Promise<(Result | Error)[]> {
    const shared = askedByMany(
      db,
      asked.map(({ begin }) => begin),
    );
    const order = keyOf ? inOrder(asked.map(({ item }) => keyOf(item))) : [...asked.keys()];
    try {
      const results = await run(
        shared,
        order.map((at) => (asked[at] as Asked<Item>).item),
      );
      const answers: (Result | Error)[] = [];
      for (const [place, at] of order.entries()) answers[at] = results[place] as Result;
      return answers;
    } catch (error) {
      const all = asked.length === 1 || error instanceof Unavailable;
      return all ? asked.map(() => error as Error) : (await Promise.all(asked.map((one) => answer([one])))).flat();
    }
  }

  const loader = new DataLoader<Asked<Item>, Result>(inTurn, {
    cache: false,
    maxBatchSize: mostTogether,
    batchScheduleFn: (dispatch) => {
      waiting.push(dispatch);
      next();
    },
  });
  const inLine = createLines();

  return async (item) => {
    if (asking >= mostWaiting) throw new Unavailable('postgres', { cause: new Error('too many statements wait') });
    asking += 1;
    const load = () => loader.load({ item, begin: withinRequest(beginSpan) });
    try {
      return await (keyOf ? inLine(keyOf(item), load) : load());
    } finally {
      asking -= 1;
    }
  };
}

/** The places of keys in ascending order. */
function inOrder(keys: readonly string[]): number[] {
  return [...keys.keys()].sort((a, b) => ((keys[a] as string) < (keys[b] as string) ? -1 : 1));
}

/** Does one thing for each key at a time. */
function createLines() {
  const last = new Map<string, Promise<unknown>>();

  async function afterwards<Result>(before: Promise<unknown>, work: () => Promise<Result>): Promise<Result> {
    const since = performance.now();
    await before.catch(() => {});
    if (performance.now() - since < longestMs) return work();
    throw new Unavailable('postgres', { cause: new Error('the statement before takes too long') });
  }

  return async <Result>(key: string, work: () => Promise<Result>): Promise<Result> => {
    const before = last.get(key);
    const own = before === undefined ? work() : afterwards(before, work);
    last.set(key, own);
    try {
      return await own;
    } finally {
      if (last.get(key) === own) last.delete(key);
    }
  };
}
