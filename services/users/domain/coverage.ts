import type { users } from '@sallyport/contracts';
import type { Db } from '@sallyport/postgres';
import { countCoverage } from '../store/count-coverage.ts';

/** How many accounts have a factor. Whoever asks within 10 s of a count, or while one runs, gets that one. */
export type CoverageView = () => Promise<users.Coverage>;

const keptMs = 10_000;

export function openCoverage(db: Db, now: () => number): CoverageView {
  let kept: { at: number; coverage: Promise<users.Coverage> } | undefined;
  return () => {
    const at = now();
    if (kept && Math.abs(at - kept.at) < keptMs) return kept.coverage;
    const counting = { at, coverage: countCoverage(db) };
    kept = counting;
    counting.coverage.catch(() => {
      if (kept === counting) kept = undefined;
    });
    return counting.coverage;
  };
}
