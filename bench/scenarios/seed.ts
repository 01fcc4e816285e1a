/*
 * Fills a database, for whoever wants to see how an installation of that size behaves. Without one it fills a private
 * PostgreSQL, has a few of the people log in and says what each row takes. The keys of a database that is named come from
 * the environment, as the parts take them.
 */
import { openDb } from '@sallyport/postgres';
import type { Keys } from '../../supervisor/generate-keys.ts';
import { migrateAll } from '../../supervisor/migrations.ts';
import { formatFigure, renderTable } from '../report/table.ts';
import type { Scenario } from '../scenario.ts';
import { measureSizes, type Sizes } from '../seed/measure-sizes.ts';
import { seedAdmins } from '../seed/people.ts';
import { readAmounts } from '../seed/read-amounts.ts';
import { type Seeded, seedDatabase } from '../seed/seed-database.ts';

const needed = ['PASSWORD_PEPPERS', 'OTP_ENCRYPTION_KEYS', 'AUDIT_SIGNING_KEYS'] as const;

interface SeedFigures extends Seeded {
  sizes: Sizes;
  /** How many of the people have logged in; none where the parts of the database run elsewhere. */
  loggedIn: number;
}

export const seed: Scenario<SeedFigures> = {
  name: 'seed',
  help: 'fills a database with people, sessions and an audit log: the one of --database, else a private one',
  onlyByName: true,
  options: {
    accounts: { placeholder: 'N', default: '1000000', help: 'accounts, also for growth' },
    sessions: { placeholder: 'N', default: '100000', help: 'live sessions, also for growth' },
    events: { placeholder: 'N', default: '1000000', help: 'audit events, also for growth' },
    database: {
      placeholder: 'URL',
      default: '',
      help: 'an empty database that stays; its keys are in the environment',
    },
  },
  bar: [],
  async run(bench, options, tell) {
    const amounts = readAmounts(options.own);
    const [cost = 10] = options.costs;
    const common = { ...amounts, cost, signal: bench.signal };
    const databaseUrl = options.own.database;
    if (databaseUrl) {
      const keys = readKeys(process.env);
      await migrateAll(databaseUrl);
      const publicUrl = process.env.PUBLIC_URL ?? 'http://127.0.0.1:8080';
      const seeded = await seedDatabase({ ...common, databaseUrl, keys, publicUrl }, tell);
      return { ...seeded, sizes: await sizesOf(databaseUrl), loggedIn: 0 };
    }
    let seeded: Seeded | undefined;
    let people: Parameters<typeof seedDatabase>[0]['keys'] | undefined;
    await using rig = await bench.openRig({
      cost,
      fill: async (store) => {
        people = store.keys;
        seeded = await seedDatabase({ ...common, ...store }, tell);
      },
    });
    if (seeded === undefined || people === undefined) throw new Error('nothing was filled');
    const loggedIn = Math.min(amounts.accounts, seedAdmins + 5);
    await rig.prepareAccounts(loggedIn, { target: 'seeded', people: { keys: people, ...amounts } });
    tell(`${loggedIn} of the people logged in`);
    return { ...seeded, sizes: await sizesOf(rig.databaseUrl), loggedIn };
  },
  render({ sizes, loggedIn, ...rates }) {
    const rows = Object.entries(sizes).map(([name, bytes]) => [name, formatFigure(bytes)]);
    return {
      details: [
        renderTable(['seed', 'bytes of one, indexes included'], rows),
        `${Object.entries(rates)
          .map(([name, rate]) => `${name} ${rate.toFixed(0)}`)
          .join(', ')}; ${loggedIn} logged in`,
      ],
      figures: [],
    };
  },
};

function readKeys(env: NodeJS.ProcessEnv): Pick<Keys, (typeof needed)[number]> {
  const missing = needed.filter((name) => !env[name]);
  if (missing.length > 0)
    throw new Error(`--database needs the installation's ${missing.join(', ')} in the environment`);
  return Object.fromEntries(needed.map((name) => [name, env[name] ?? ''])) as Pick<Keys, (typeof needed)[number]>;
}

async function sizesOf(url: string): Promise<Sizes> {
  const db = openDb({ url, name: 'sallyport-seed', max: 5, deadlineMs: 60_000 });
  try {
    return await measureSizes(db);
  } finally {
    await db.close();
  }
}
