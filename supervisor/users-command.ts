/*
 * What the operator of the host may do without being anybody's admin: whoever reads the database's password could do it
 * in SQL, but not so that the last admin stays, the sessions end and the audit log says so. It changes users' schema by
 * the statements of the API; the running gateways follow by the events that are recorded with them.
 */
import { randomBytes, randomUUID } from 'node:crypto';
import { parseArgs } from 'node:util';
import { Reason, type RequestContext, Role } from '@sallyport/contracts';
import { type Db, openDb, requireMigrated } from '@sallyport/postgres';
import { type Administer, setRoles } from '../services/users/domain/administer.ts';
import { lookUpByName } from '../services/users/domain/look-up-account.ts';
import { usersMigrations } from '../services/users/migrations.ts';
import { checkDatabase } from './check-database.ts';
import { findDatabase } from './find-database.ts';
import { resetOtp } from './reset-otp.ts';

/** 0: done. 1: refused or failed. 2: not understood. */
interface Result {
  exitCode: 0 | 1 | 2;
  text: string;
}

interface Asked {
  db: Db;
  reason: string | undefined;
}

interface Command {
  takes: readonly string[];
  does: string;
  run: (asked: Asked, ...values: string[]) => Promise<Result>;
}

const commands: Readonly<Record<string, Command>> = {
  grant: {
    takes: ['NAME', 'ROLE'],
    does: 'gives the account a role',
    run: (asked, name, role) => changeRoles(asked, name, role, (has) => [...has, role]),
  },
  revoke: {
    takes: ['NAME', 'ROLE'],
    does: 'takes a role away from the account and ends its sessions',
    run: (asked, name, role) => changeRoles(asked, name, role, (has) => has.filter((one) => one !== role)),
  },
  'reset-otp': {
    takes: ['NAME'],
    does: "removes the account's second factor and ends its sessions",
    run: async ({ db, reason }, name = '') => ({ exitCode: 0, text: await resetOtp(db, name, reason) }),
  },
};

const help = `npm run users                 runs the service
npm run users -- COMMAND [--reason TEXT]

${Object.entries(commands)
  .map(([name, { takes, does }]) => `  ${[name, ...takes].join(' ').padEnd(20)}  ${does}`)
  .join('\n')}

The database is DATABASE_URL, or that of a running npm start, found through DATA_DIR.
What is done stands in the audit log, with the reason if one is given.`;

/** @throws StartError with one sentence where there is no database to work on */
export async function runUsersCommand(name: string, args: string[], env: NodeJS.ProcessEnv): Promise<Result> {
  if (['help', '--help', '-h'].includes(name)) return { exitCode: 0, text: help };
  const command = Object.hasOwn(commands, name) ? commands[name] : undefined;
  if (!command) return { exitCode: 2, text: `There is no command ${JSON.stringify(name)}.\n\n${help}` };
  const given = readArguments(args);
  const { length } = command.takes;
  if (given?.values.length !== length) {
    return { exitCode: 2, text: `${name} takes ${command.takes.join(' and ')}, and maybe --reason TEXT.\n\n${help}` };
  }
  const { values, reason } = given;
  if (reason !== undefined && !Reason.safeParse(reason).success) {
    return { exitCode: 2, text: 'A reason has 1 to 200 characters.' };
  }
  const url = await findDatabase(env);
  await checkDatabase(url);
  const db = openDb({ url, name: 'sallyport-operator', max: 1 });
  try {
    await requireMigrated(db, { name: 'users', url, migrations: usersMigrations });
    return await command.run({ db, reason }, ...values);
  } finally {
    await db.close();
  }
}

function readArguments(args: string[]): { values: string[]; reason: string | undefined } | undefined {
  try {
    const { positionals, values } = parseArgs({
      args,
      allowPositionals: true,
      options: { reason: { type: 'string' } },
    });
    return { values: positionals, reason: values.reason };
  } catch {
    return undefined;
  }
}

async function changeRoles(
  { db, reason }: Asked,
  name = '',
  role = '',
  toRoles: (has: readonly string[]) => string[] = (has) => [...has],
): Promise<Result> {
  if (!Role.safeParse(role).success) {
    return { exitCode: 2, text: 'A role is a small letter, then small letters, digits, - and _, 64 at most.' };
  }
  const found = await lookUpByName({ db }, name);
  if (found.outcome !== 'found') return { exitCode: 1, text: `There is no account ${JSON.stringify(name)}.` };
  const administer = setRoles(toRoles);
  return tell(await administer({ db, now: Date.now, randomBytes }, found.account.id, operatorOrder(reason), request()));
}

const operatorOrder = (reason: string | undefined) => ({ actor: { type: 'operator', id: null }, reason }) as const;

const request = (): RequestContext => ({ request_id: randomUUID(), ip: null, user_agent: null, session_id: null });

function tell(change: Awaited<ReturnType<Administer>>): Result {
  switch (change.outcome) {
    case 'done': {
      const { username, roles } = change.account;
      const list = roles.length === 0 ? 'no role' : roles.join(', ');
      return { exitCode: 0, text: `${username} has ${list}${change.events.length === 0 ? ', as before' : ''}` };
    }
    case 'last-admin':
      return { exitCode: 1, text: 'This is the last admin: make another one first.' };
    default:
      return { exitCode: 1, text: `Nothing was changed (${change.outcome}).` };
  }
}
