/*
 * More logins than the cores can hash, from as many addresses as there are people. Three kinds of round in turn: what
 * the cores do at best; four times as many arriving, whatever becomes of those before; and 200 people at once who wait and
 * come again as they are told. People refresh and are verified beside the last two.
 */
import type { CallTimes } from '../load/messages.ts';
import { describeFailures } from '../report/describe-failures.ts';
import { median } from '../report/percentile.ts';
import { formatFigure, renderTable } from '../report/table.ts';
import { cores, type MeasuredRound } from '../rig.ts';
import type { BarLine, Scenario } from '../scenario.ts';
import type { LoopDelay } from '../system/start-part.ts';

const cost = 12;
const crowd = 200;
const times = 4;
/** For as many logins as a few rounds have: each has a code for every half minute, and a few to begin with. */
const accounts = 2 * crowd;
/** As many as fill every lane of a core, while as many are at the other steps. */
const served = 8 * cores;
/** Long against a login of several seconds. */
const longerBy = 2;
const parts = ['users', 'otp', 'gateway'] as const;
const beside = [
  { scenario: 'refresh', concurrency: 1, everyMs: 100 },
  { scenario: 'verify', concurrency: 1, everyMs: 100 },
];
const kinds = ['capacity', 'arrivals', 'crowd'] as const;

interface OverloadRound extends MeasuredRound {
  loops: Record<(typeof parts)[number], LoopDelay>;
}

type OverloadFigures = Record<(typeof kinds)[number], OverloadRound[]>;

const bar: BarLine[] = [
  ...parts.map(
    (part): BarLine => ({
      key: `loop-${part}`,
      what: `event loop of ${part}, 200 logins waiting at cost 12, p99`,
      unit: 'ms',
      limit: 20,
      sense: 'at most',
      of: 'figure',
    }),
  ),
  { key: 'refusal', what: 'a refusal meanwhile, p99', unit: 'ms', limit: 100, sense: 'at most', of: 'figure' },
  {
    key: 'goodput',
    what: 'logins at four times capacity',
    unit: '/s',
    limit: 0.9,
    sense: 'at least',
    of: 'ratio',
  },
];

export const overload: Scenario<OverloadFigures> = {
  name: 'overload',
  help: '200 logins waiting at cost 12, and four times capacity: goodput, refusals, event loops, all else meanwhile',
  bar,
  async run(bench, { rounds, seconds: usual }, tell) {
    const seconds = longerBy * usual;
    await using rig = await bench.openRig({
      cost,
      env: { TRUSTED_PROXIES: '127.0.0.1', LOG_LEVEL: 'error' },
      watchLoops: true,
    });
    tell(`signing up and enrolling ${accounts} accounts`);
    await rig.prepareAccounts(accounts, { fromEverywhere: true });
    const measured: OverloadFigures = { capacity: [], arrivals: [], crowd: [] };
    for (let round = 1; round <= rounds; round += 1) {
      for (const kind of kinds) {
        const perSecond = times * (measured.capacity.at(-1)?.perSecond ?? 0);
        const groups = {
          capacity: [{ scenario: 'login', concurrency: served }],
          arrivals: [{ scenario: 'login', perSecond }, ...beside],
          crowd: [{ scenario: 'login', concurrency: crowd }, ...beside],
        };
        await rig.readLoops();
        const figures = await rig.measureRound(groups[kind], { rampMs: 4_000, seconds });
        const loops = await rig.readLoops();
        tell(`round ${round} of ${rounds}, ${kind}: ${figures.perSecond.toFixed(1)}/s, ${figures.refused} refused`);
        measured[kind].push({ ...figures, loops });
      }
    }
    return measured;
  },
  render(measured) {
    const { capacity, arrivals, crowd: crowded } = measured;
    const rate = (all: OverloadRound[]) => median(all.map(({ perSecond }) => perSecond));
    const refusals = [...arrivals, ...crowded].map((one) => one.calls['POST /login refused']?.p99 ?? 0);
    return {
      details: [
        renderTable(
          header,
          kinds.map((kind) => renderRow(titles[kind], measured[kind])),
        ),
        'A refusal is a 503 of POST /login; its p99 is that of the window. "loop" is the p99 of the event loop\'s delay.',
      ],
      figures: [
        ...parts.map((part) => ({ key: `loop-${part}`, figure: median(crowded.map(({ loops }) => loops[part].p99)) })),
        { key: 'refusal', figure: Math.max(...refusals) },
        { key: 'goodput', figure: rate(arrivals), reference: { name: 'at best', figure: rate(capacity) } },
      ],
      failures: describeFailures([...capacity, ...arrivals, ...crowded]),
    };
  },
};

const titles = {
  capacity: 'as many as are served',
  arrivals: 'four times as many arriving',
  crowd: '200 at once',
};
const shown = ['POST /login', 'POST /login refused', 'POST /login/otp', 'POST /token/refresh', 'GET /verify'];
const header = [
  'overload, p50/p99',
  'logins/s',
  'refused',
  ...shown.map((name) => name.replace('POST /login refused', 'a refusal')),
  ...parts.map((part) => `loop ${part}`),
];

function renderRow(title: string, all: OverloadRound[]): string[] {
  const of = (name: string, at: keyof CallTimes) =>
    formatFigure(median(all.flatMap((one) => one.calls[name]?.[at] ?? [])));
  return [
    title,
    formatFigure(median(all.map(({ perSecond }) => perSecond))),
    formatFigure(median(all.map(({ refused }) => refused))),
    ...shown.map((name) => `${of(name, 'p50')}/${of(name, 'p99')}`),
    ...parts.map((part) => formatFigure(median(all.map(({ loops }) => loops[part].p99)))),
  ];
}
