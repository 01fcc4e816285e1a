// `npm run audit:erase`: takes one person's data out of the audit log, on the operator's word. The event that says so is
// recorded first, and the running gateways take out what was before it: a verifier never sees a hole that nobody explains.
import { parseArgs } from 'node:util';
import { AccountId } from '@sallyport/contracts';
import { openDb, requireMigrated } from '@sallyport/postgres';
import { gatewayMigrations } from '../gateway/migrations.ts';
import { checkDatabase } from './check-database.ts';
import { eraseAccount, findErasable } from './erase-account.ts';
import { explainFailure } from './explain-failure.ts';
import { findDatabase } from './find-database.ts';
import { StartError } from './start-error.ts';

const usage = `npm run audit:erase -- --username NAME | --subject ID   tells what would be taken out of the audit log
  --yes   takes it out: addresses, user agents and names in every event so far that the account is the subject or actor of
The events stay, without these; the chain still verifies, and an event says that it happened. What consumers and the
broker's stream hold is not reached. The database is DATABASE_URL, or that of a running npm start, found through DATA_DIR.
Exit code 0: done, or only told. 1: refused, failed, or no gateway has carried it out yet. 2: not understood.`;

const deadlineMs = 60_000;

try {
  process.exitCode = await main();
} catch (error) {
  console.error(explainFailure(error));
  process.exitCode = 1;
}

async function main(): Promise<0 | 1 | 2> {
  const options = readOptions();
  if (options?.help) {
    console.log(usage);
    return 0;
  }
  if (!options || (options.username === undefined) === (options.subject === undefined)) {
    console.error(usage);
    return 2;
  }
  const url = await findDatabase(process.env);
  await checkDatabase(url);
  const db = openDb({ url, name: 'sallyport-operator', max: 1, deadlineMs });
  try {
    await requireMigrated(db, { name: 'gateway', url, migrations: gatewayMigrations });
    const found = await findErasable(db, options);
    if (!found) throw new StartError('There is no such account, and no event of it.');
    const { id, username, events } = found;
    const who = username === null ? `account ${id}, which exists no more` : `${username} (${id})`;
    console.log(`${events} ${events === 1 ? 'event holds' : 'events hold'} personal data of ${who}.`);
    if (!options.yes) {
      console.log('Nothing was changed. With --yes it is taken out, for good.');
      return 0;
    }
    return tell(await eraseAccount(db, id));
  } finally {
    await db.close();
  }
}

function tell(erased: Awaited<ReturnType<typeof eraseAccount>>): 0 | 1 {
  if (erased.quarantined > 0) {
    console.log(`${erased.quarantined} in gateway.audit_quarantine are left: look at them and delete them.`);
  }
  if (erased.outcome === 'done') {
    console.log('It is taken out, and the log says so.');
    return 0;
  }
  console.error(
    erased.outcome === 'left'
      ? `It is recorded, but ${erased.left} rows name the account still, or again: run this once more.`
      : 'It is recorded, but no gateway has carried it out yet: the first one that runs will. Run this once more then.',
  );
  return 1;
}

function readOptions() {
  try {
    const { values } = parseArgs({
      options: {
        username: { type: 'string' },
        subject: { type: 'string' },
        yes: { type: 'boolean' },
        help: { type: 'boolean' },
      },
    });
    return values.subject === undefined || AccountId.safeParse(values.subject).success ? values : undefined;
  } catch {
    return undefined;
  }
}
