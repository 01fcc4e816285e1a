import { Unavailable } from '@sallyport/contracts';
import { type BeginSpan, beginSpan, outsideRequests, withinRequest } from '@sallyport/tracing';
import DataLoader from 'dataloader';
import type { Queryable } from './db.ts';
import { createLines } from './in-line.ts';
import { gaveWay } from './is-away.ts';
import { askedByMany } from './observe-statement.ts';

interface Options<Item> {
  /** Of two items with one key the second waits until the first is done: neither waits for the other's lock. */
  keyOf?: (item: Item) => string;
  /** What comes while a statement is under way waits for the next one, which takes it all: a flood has one connection. */
  oneAtATime?: true;
}

type Ask<Item, Result> = (item: Item) => Promise<Result>;

type Run<Item, Result> = (db: Queryable, items: readonly Item[]) => Promise<readonly Result[]>;

interface Asked<Item> {
  item: Item;
  begin: BeginSpan;
}

const mostTogether = 100;
const mostWaiting = 1_000;

/**
 * Has what one turn of the event loop asks for go to PostgreSQL as one statement with one commit, at the turn's end. Each
 * waits for the statement that held its item. One that waits for somebody's lock holds up those that came with it for 200 ms
 * at most (`lockPatience`). Where one gives way to a lock, or fails of anything but the database, nothing has changed, and each
 * item is asked for alone: none fails by another's fault.
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
  const { keyOf, oneAtATime } = options;
  const inLine = createLines();
  let last: Promise<unknown> = Promise.resolve();
  let underWay: Promise<unknown> = Promise.resolve();
  let asking = 0;

  const atTurnsEnd = (send: () => void) => void setImmediate(() => outsideRequests(send));
  const afterTheLast = (send: () => void) => {
    last = last.then(() => {
      outsideRequests(send);
      return underWay.catch(() => {});
    });
  };

  const loader = new DataLoader<Asked<Item>, Result | Promise<Result>>(
    (asked) => {
      const answers = answer(asked);
      underWay = answers;
      return answers;
    },
    { cache: false, maxBatchSize: mostTogether, batchScheduleFn: oneAtATime ? afterTheLast : atTurnsEnd },
  );

  /** Where each is asked for alone, none waits for the others. */
  async function answer(asked: readonly Asked<Item>[]): Promise<(Result | Promise<Result>)[]> {
    try {
      return await carryOut(asked);
    } catch (error) {
      const all = asked.length === 1 || (error instanceof Unavailable && !gaveWay(error.cause));
      if (all) throw error;
      return asked.map(async (one) => (await carryOut([one]))[0] as Result);
    }
  }

  async function carryOut(asked: readonly Asked<Item>[]): Promise<Result[]> {
    const ordered = keyOf ? inOrder(asked, ({ item }) => keyOf(item)) : asked;
    const shared = askedByMany(
      db,
      ordered.map(({ begin }) => begin),
    );
    const answers = await run(
      shared,
      ordered.map(({ item }) => item),
    );
    const answerOf = new Map(ordered.map((one, at) => [one, answers[at] as Result]));
    return asked.map((one) => answerOf.get(one) as Result);
  }

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

function inOrder<Each>(all: readonly Each[], keyOf: (each: Each) => string): Each[] {
  const keys = new Map(all.map((each) => [each, keyOf(each)]));
  return all.toSorted((a, b) => ((keys.get(a) as string) < (keys.get(b) as string) ? -1 : 1));
}
