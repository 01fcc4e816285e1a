/** A clock that tests can move; every part of a stack reads it. */
export interface TestClock {
  now(): number;
  advance(ms: number): void;
}

export function createClock(): TestClock {
  let offset = 0;
  return {
    now: () => Date.now() + offset,
    advance(ms) {
      offset += ms;
    },
  };
}
