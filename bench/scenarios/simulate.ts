import { formatFigure, renderTable } from '../report/table.ts';
import { cores } from '../rig.ts';
import { type BarLine, NotMeasured, type Scenario } from '../scenario.ts';
import { type Calibration, calibrate } from '../simulate/calibrate.ts';
import { comparePoint, loads, type Outcome, type Point } from '../simulate/compare.ts';
import { type Extrapolated, extrapolate } from '../simulate/extrapolate.ts';

interface SimulateFigures {
  calibration: Calibration;
  points: Point[];
  cost: number;
  extrapolated: Extrapolated[];
}

/** So that none runs out of codes, of which each has one more every half minute. */
const accounts = 800;
const calibrationSeconds = 4;
/** Enough that each core makes as many hashes at once as it can. */
const many = 8 * cores;
/** So that a window holds logins enough for a median. */
const longerBy = 2;
const line = { unit: '%', limit: 15, sense: 'at most', of: 'figure' } as const;

const bar: BarLine[] = [
  { key: 'simulate-rate', what: 'simulated logins a second, off by at most', ...line },
  { key: 'simulate-p50', what: 'simulated p50 of POST /login, off by at most', ...line },
];

export const simulate: Scenario<SimulateFigures> = {
  name: 'simulate',
  help: 'a simulation of the login queue beside the real one, and what it says of 4 to 64 cores',
  onlyByName: true,
  bar,
  async run(bench, options, tell) {
    const [cost = 10] = options.costs;
    await using rig = await bench.openRig({ cost, env: { TRUSTED_PROXIES: '127.0.0.1', LOG_LEVEL: 'error' } });
    tell(`signing up and enrolling ${accounts} accounts`);
    await rig.prepareAccounts(accounts, { fromEverywhere: true });
    tell('calibrating');
    await rig.measureRound('login', { concurrency: many, rampMs: 0, seconds: calibrationSeconds });
    const calibration = await calibrate(rig, calibrationSeconds, many);
    if (calibration === undefined) throw new NotMeasured('this system tells no CPU times');
    tell(describe(calibration));
    const points: Point[] = [];
    for (const load of loads) {
      const point = await comparePoint(rig, calibration, load, longerBy * options.seconds);
      const { measured, simulated } = point;
      tell(
        `${point.name}: ${tellBoth(measured, simulated, 'perSecond')}/s, p50 ${tellBoth(measured, simulated, 'p50')} ms`,
      );
      points.push(point);
    }
    tell('extrapolating');
    const more = { from: cost, to: [10, 12], cores: [4, 8, 16, 32, 64] };
    return { calibration, points, cost, extrapolated: extrapolate(calibration.costs, more) };
  },
  render({ calibration, points, extrapolated }) {
    return {
      details: [
        `${renderTable(header, points.map(renderPoint))}\n${describe(calibration)}`,
        renderTable(
          ['users alone on its cores', 'cost', 'load', 'logins/s', 'p50', 'p99', 'refused', 'at once'],
          extrapolated.map((one) => [
            `${one.cores} cores`,
            String(one.cost),
            `${one.load * 100} %`,
            ...[one.perSecond, one.p50, one.p99, one.refusedShare, one.meanTogether].map((figure) =>
              formatFigure(figure),
            ),
          ]),
        ),
      ],
      figures: [
        { key: 'simulate-rate', figure: Math.max(...points.map((point) => errorOf(point, 'perSecond'))) },
        { key: 'simulate-p50', figure: Math.max(...points.map((point) => errorOf(point, 'p50'))) },
      ],
    };
  },
};

const header = [
  'simulated and measured',
  'logins/s',
  '',
  'off %',
  'p50',
  '',
  'off %',
  'p99',
  '',
  'off %',
  'refused',
  '',
];

function renderPoint(point: Point): string[] {
  const { name, measured, simulated } = point;
  const both = (key: keyof Outcome) => [simulated, measured].map((outcome) => formatFigure(outcome[key]));
  const compared = (['perSecond', 'p50', 'p99'] as const).flatMap((key) => [
    ...both(key),
    errorOf(point, key).toFixed(0),
  ]);
  return [name, ...compared, ...both('refusedShare')];
}

function errorOf({ measured, simulated }: Point, key: keyof Outcome): number {
  return 100 * Math.abs(simulated[key] / measured[key] - 1);
}

function tellBoth(measured: Outcome, simulated: Outcome, key: keyof Outcome): string {
  return `${formatFigure(simulated[key])} simulated, ${formatFigure(measured[key])} measured`;
}

function describe({ costs: { together, ...costs }, rawMs, idleCores }: Calibration): string {
  const parts = Object.entries(costs).map(([name, ms]) => `${name.replace(/Ms$/, '')} ${ms.toFixed(1)}`);
  const raw = rawMs.map((ms) => ms.toFixed(1)).join(', ');
  const times = together.map((factor) => factor.toFixed(2)).join(', ');
  return `in ms: ${parts.join(', ')}; raw hashes alone and at once ${raw}, in users ${times} times one alone; ${idleCores.toFixed(2)} cores are taken where nobody logs in`;
}
