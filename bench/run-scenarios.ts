import type { BenchOptions } from './arguments.ts';
import { type Judged, judge } from './report/judge.ts';
import { type Bench, NotMeasured, type Rendered, type Scenario } from './scenario.ts';

export interface Results {
  /** What each scenario found, by name, as it is. */
  found: Record<string, unknown>;
  details: string[];
  bar: Judged[];
  failures: string[];
}

type Outcome = { rendered: Rendered; found: unknown } | { missing: string; failure?: string };

/** One after the other; a scenario that fails doesn't keep the next ones from running, an interruption does. */
export async function runScenarios(
  // biome-ignore lint/suspicious/noExplicitAny: each knows its own figures
  scenarios: readonly Scenario<any>[],
  bench: Bench,
  options: BenchOptions,
  tell: (message: string) => void,
): Promise<Results> {
  const results: Results = { found: {}, details: [], bar: [], failures: [] };
  for (const scenario of scenarios) {
    const { name } = scenario;
    const isAsked = options.scenarios.includes(name);
    const outcome = isAsked ? await runOne(scenario, bench, options, tell) : { missing: 'not asked for' };
    if ('rendered' in outcome) {
      results.found[name] = outcome.found;
      results.details.push(...outcome.rendered.details);
      results.failures.push(...(outcome.rendered.failures ?? []).map((failure) => `${name}: ${failure}`));
    } else if (isAsked) {
      results.found[name] = outcome;
      if (outcome.failure !== undefined) results.failures.push(`${name}: ${outcome.failure}`);
      else results.details.push(`${name}: not measured, ${outcome.missing}`);
    }
    results.bar.push(...judgeAll(scenario, outcome));
  }
  return results;
}

async function runOne<Figures>(
  scenario: Scenario<Figures>,
  bench: Bench,
  options: BenchOptions,
  tell: (message: string) => void,
): Promise<Outcome> {
  const about = (message: string) => tell(`${scenario.name}: ${message}`);
  try {
    about('starting');
    const found = await scenario.run(bench, options, about);
    return { found, rendered: scenario.render(found) };
  } catch (error) {
    bench.signal.throwIfAborted();
    if (error instanceof NotMeasured) {
      about(`not measured, ${error.message}`);
      return { missing: error.message };
    }
    about(`failed: ${(error as Error).stack ?? error}`);
    return { missing: 'it failed', failure: (error as Error).message };
  }
}

function judgeAll(scenario: Scenario<unknown>, outcome: Outcome): Judged[] {
  return scenario.bar.map((line) => {
    if ('missing' in outcome) return judge(line, { key: line.key, missing: outcome.missing });
    const figure = outcome.rendered.figures.find(({ key }) => key === line.key);
    return judge(line, figure ?? { key: line.key, missing: 'not asked for' });
  });
}
