/** How a test came out: `broken` where it never ran, as when its file can't be loaded or a hook failed. */
export type Outcome = 'passed' | 'failed' | 'broken' | 'skipped';

/** Of the test itself; not of a hook, and not because something around it was over. */
const ranAndFailed =
  /failureType: '(testCodeFailure|testTimeoutFailure|subtestsFailed|uncaughtException|unhandledRejection)'/;

/** Reads how the tests with that in their name came out from a TAP report; `broken` where there is none. */
export function readOutcome(tap: string, name: string): Outcome {
  const outcomes = [...tap.matchAll(/^ *(not ok|ok) \d+ - (.*)\n((?:(?! *\.\.\.$).*\n)*)/gm)].flatMap(
    ([, verdict, title = '', details = '']): Outcome[] => {
      if (!title.replaceAll('\\#', '#').replaceAll('\\\\', '\\').includes(name)) return [];
      if (/ # (SKIP|TODO)/.test(title)) return ['skipped'];
      if (verdict === 'ok') return ['passed'];
      return ranAndFailed.test(details) ? ['failed'] : ['broken'];
    },
  );
  const [first = 'broken', ...others] = outcomes;
  if (outcomes.includes('failed')) return 'failed';
  return others.includes('broken') ? 'broken' : first;
}
