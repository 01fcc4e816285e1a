import type { Progress, Store } from './store.ts';

/** Remembers until the process ends: for tests, and for effects that may be repeated. */
export function createMemoryStore(): Store<object> {
  const consumers = new Map<string, Progress>();
  return {
    open: async () => undefined,
    find: async (consumer) => structuredClone(consumers.get(consumer)),
    async take(consumer, event, floor, effect) {
      const before = consumers.get(consumer) ?? {
        sequence: 0,
        hash: '',
        floor: Math.min(floor, event.sequence - 1),
        seen: [],
      };
      if (event.sequence <= before.floor || before.seen.some(({ id }) => id === event.id)) return false;
      await effect({});
      const last = event.sequence > before.sequence ? event : before;
      const raised = Math.max(floor, before.floor);
      const seen = [...before.seen, event].filter(({ sequence }) => sequence > raised);
      seen.sort((one, other) => one.sequence - other.sequence);
      consumers.set(consumer, { sequence: last.sequence, hash: last.hash, floor: raised, seen });
      return true;
    },
  };
}
