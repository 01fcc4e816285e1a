import { Unavailable } from '@sallyport/contracts';

/** @throws Unavailable where too many wait; whatever its statement throws */
export type GroupWriter<Item> = (items: readonly Item[]) => Promise<void>;

/**
 * Writes what many bring by few statements: while one is under way, what comes is gathered, and the next one takes it
 * all. Whoever brings something waits for the statement that wrote it, so nothing stands in memory alone.
 * @param most how many may wait; with more the store is too slow for what comes
 */
export function createGroupWriter<Item>(
  write: (items: readonly Item[]) => Promise<void>,
  most: number,
): GroupWriter<Item> {
  let gathered: Item[] = [];
  let next: Promise<void> | undefined;
  let last: Promise<void> = Promise.resolve();

  function begin(): Promise<void> {
    const own = last
      .catch(() => {})
      .then(() => {
        const items = gathered;
        gathered = [];
        next = undefined;
        return write(items);
      });
    last = own;
    return own;
  }

  return async (items) => {
    if (gathered.length + items.length > most) {
      throw new Unavailable('postgres', { cause: new Error('too many failures wait to be recorded') });
    }
    gathered.push(...items);
    next ??= begin();
    await next;
  };
}
