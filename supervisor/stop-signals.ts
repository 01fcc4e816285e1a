const sameSignalMs = 1_000;

/**
 * What a signal means. The first stops; one within a second is the same one, since Ctrl-C comes twice (from the
 * terminal and from npm); a later one means that the operator won't wait.
 */
export function createStopSignals(now: () => number): () => 'stop' | 'same' | 'kill' {
  let first: number | undefined;
  return () => {
    if (first === undefined) {
      first = now();
      return 'stop';
    }
    return now() - first < sameSignalMs ? 'same' : 'kill';
  };
}
