interface Counted {
  failed: number;
  firstFailure: string | undefined;
}

/** A sentence for each round, or sum of rounds, in which calls failed. */
export function describeFailures(rounds: readonly Counted[]): string[] {
  return rounds
    .filter(({ failed }) => failed > 0)
    .map(({ failed, firstFailure }) => `${failed} calls failed, the first with ${firstFailure}`);
}
