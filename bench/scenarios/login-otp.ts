import type { CallTimes } from '../load/messages.ts';
import { describeFailures } from '../report/describe-failures.ts';
import { median } from '../report/percentile.ts';
import { formatFigure, renderTable } from '../report/table.ts';
import { cores, type MeasuredRound } from '../rig.ts';
import type { Scenario } from '../scenario.ts';

/** Two people answer their challenges, each ten times a second: what is measured is waiting for cores, not for each other. */
const steppers = { scenario: 'step-two', concurrency: 2, everyMs: 100 };
const hashers = { scenario: 'password', concurrency: 16 * cores };
const cost = 10;
const codesOfAnAccount = 4;

interface StepFigures {
  quiet: MeasuredRound[];
  loaded: MeasuredRound[];
}

export const loginOtp: Scenario<StepFigures> = {
  name: 'login-otp',
  help: 'POST /login/otp alone, at rest and while hashes of cost 10 fill every core',
  bar: [
    {
      key: 'step-two-p50',
      what: 'POST /login/otp while hashes fill all cores, p50',
      unit: 'ms',
      limit: 8,
      sense: 'at most',
      of: 'figure',
    },
    {
      key: 'step-two-p99',
      what: 'POST /login/otp while hashes fill all cores, p99',
      unit: 'ms',
      limit: 30,
      sense: 'at most',
      of: 'figure',
    },
  ],
  async run(bench, { rounds, seconds }, tell) {
    await using rig = await bench.openRig({ cost, env: { CHALLENGE_SECONDS: '3600' } });
    const perRound = Math.ceil((seconds + 2) * steppers.concurrency * (1_000 / steppers.everyMs));
    const accounts = Math.max(perRound, Math.ceil((2 * rounds * perRound) / codesOfAnAccount)) + hashers.concurrency;
    tell(`signing up and enrolling ${accounts} accounts`);
    await rig.prepareAccounts(accounts);
    const measured: StepFigures = { quiet: [], loaded: [] };
    for (let round = 1; round <= rounds; round += 1) {
      for (const kind of ['quiet', 'loaded'] as const) {
        const first = [{ scenario: 'step-one', concurrency: 4 * cores }];
        await rig.measureRound(first, { rampMs: 0, seconds: 120, mostRuns: perRound });
        const groups = kind === 'quiet' ? [steppers] : [steppers, hashers];
        const figures = await rig.measureRound(groups, { rampMs: 1_000, seconds });
        const { p50, p99 } = getTimes(figures);
        tell(`round ${round} of ${rounds}, ${kind}: p50 ${p50.toFixed(1)} ms, p99 ${p99.toFixed(1)} ms`);
        measured[kind].push(figures);
      }
    }
    return measured;
  },
  render({ quiet, loaded }) {
    const of = (all: MeasuredRound[], at: 'p50' | 'p99') => median(all.map((one) => getTimes(one)[at]));
    const row = (name: string, all: MeasuredRound[]) => [
      name,
      formatFigure(of(all, 'p50')),
      formatFigure(of(all, 'p99')),
      formatFigure(median(all.map(({ completed }) => completed))),
    ];
    return {
      details: [
        renderTable(
          ['POST /login/otp', 'p50', 'p99', 'calls a round'],
          [row('at rest', quiet), row('while hashes fill all cores', loaded)],
        ),
      ],
      figures: (['p50', 'p99'] as const).map((at) => ({
        key: `step-two-${at}`,
        figure: of(loaded, at),
        reference: { name: 'at rest', figure: of(quiet, at) },
      })),
      failures: describeFailures([...quiet, ...loaded]),
    };
  },
};

function getTimes({ calls }: MeasuredRound): CallTimes {
  return calls['POST /login/otp'] ?? { p50: Number.NaN, p99: Number.NaN, count: 0 };
}
