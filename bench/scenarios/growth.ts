import { openDb } from '@sallyport/postgres';
import type { Scans } from '../growth/count-scans.ts';
import { type Compared, measureGrowth, planPeople, type Size } from '../growth/measure-growth.ts';
import { formatFigure, renderTable } from '../report/table.ts';
import type { Bench, Scenario, Tell } from '../scenario.ts';
import { type Amounts, readAmounts } from '../seed/read-amounts.ts';
import { type SeedOptions, seedDatabase } from '../seed/seed-database.ts';

/** No hash may hide what grows. */
const cost = 4;
const smallest: Amounts = { accounts: 1_000, sessions: 100, events: 10_000 };
/** Shorter rounds and more of them, since it is the turns that make the two comparable. */
const mostSeconds = 3;
const leastRounds = 5;
const within = 1.1;

interface GrowthFigures {
  amounts: Record<Size['name'], Amounts>;
  compared: Compared[];
  scanned: Scans;
  failed: number;
  firstFailure: string | undefined;
}

const calls = [
  ['POST /login', 'growth-login'],
  ['POST /login/otp', 'growth-login-otp'],
  ['POST /token/refresh', 'growth-refresh'],
  ['GET /verify', 'growth-verify'],
  ['GET /audit/events', 'growth-events'],
  ['GET /admin/users', 'growth-find-user'],
] as const;

export const growth: Scenario<GrowthFigures> = {
  name: 'growth',
  help: 'a small installation and one of --accounts, --sessions and --events side by side: times, and what is scanned',
  onlyByName: true,
  bar: calls.map(([call, key]) => ({
    key,
    what: `${call}, large against small, p50`,
    unit: 'ms',
    limit: within,
    sense: 'at most',
    of: 'ratio',
  })),
  async run(bench, options, tell) {
    const amounts = { small: smallest, large: readAmounts(options.own) };
    const rounds = Math.max(leastRounds, options.rounds);
    await using opened = new AsyncDisposableStack();
    const open = async (name: Size['name']): Promise<Size> => {
      const about: Tell = (message) => tell(`${name}: ${message}`);
      const size = await openSize(bench, amounts[name], planPeople(rounds), about);
      opened.use(size.rig);
      opened.adopt(size.db, (db) => db.close());
      return { name, ...size };
    };
    const sizes: [Size, Size] = [await open('small'), await open('large')];
    return {
      amounts,
      ...(await measureGrowth(sizes, { rounds, seconds: Math.min(mostSeconds, options.seconds) }, tell)),
    };
  },
  render({ amounts, compared, scanned, failed, firstFailure }) {
    const rows = compared.map(({ call, ...times }) => [
      call,
      ...[times.small, times.large, times.ratio].map((one) => formatFigure(one)),
    ]);
    const describe = ({ accounts, sessions, events }: Amounts) =>
      `${accounts} accounts, ${sessions} sessions, ${events} events`;
    const read = Object.entries(scanned).map(([table, count]) => `${count} rows of ${table}`);
    return {
      details: [
        `${renderTable(['growth, p50 in ms', 'small', 'large', 'ratio'], rows)}\nsmall: ${describe(amounts.small)}; large: ${describe(amounts.large)}`,
        `read by sequential scans of the large one meanwhile: ${read.join(', ') || 'nothing'}`,
      ],
      figures: calls.map(([call, key]) => {
        const found = compared.find((one) => one.call === call);
        return { key, figure: found?.large, reference: { name: 'small', figure: found?.small } };
      }),
      failures: failed > 0 ? [`${failed} rounds with failures, the first: ${firstFailure}`] : [],
    };
  },
};

async function openSize(bench: Bench, amounts: Amounts, callers: number, tell: Tell) {
  let keys: SeedOptions['keys'] | undefined;
  const rig = await bench.openRig({
    cost,
    env: { FRESH_SECONDS: '7200' },
    fill: async (store) => {
      keys = store.keys;
      await seedDatabase({ ...amounts, ...store, cost, signal: bench.signal }, tell);
    },
  });
  try {
    if (keys === undefined) throw new Error('nothing was filled');
    tell(`${callers} people log in`);
    await rig.prepareAccounts(callers, { target: 'seeded', people: { keys, ...amounts } });
    return { rig, db: openDb({ url: rig.databaseUrl, name: 'sallyport-bench', max: 1 }) };
  } catch (error) {
    await rig[Symbol.asyncDispose]();
    throw error;
  }
}
