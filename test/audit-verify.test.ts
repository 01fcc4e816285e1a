// `npm run audit:verify` on the log of running gateways (promise 4): from the database, over HTTP and from a file; and every
// way in which somebody with the database in hand changed it.
// Runs on one back end: what it asks of stores is asked of PostgreSQL, which both have.
import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, suite, test } from 'node:test';
import { canonical, hashEvent } from '@sallyport/audit/log';
import { type Db, openDb } from '@sallyport/postgres';
import { age } from '../gateway/audit/testing/age.ts';
import { waitForLog } from './support/audit-log.ts';
import { makeAuditor } from './support/auditor.ts';
import { databaseMissing } from './support/database.ts';
import { runCommand } from './support/operator-command.ts';
import { logIn, signUpWithFactor } from './support/people.ts';
import { type Stack, startStack } from './support/stack.ts';
import { until } from './support/until.ts';

suite('npm run audit:verify', { skip: databaseMissing }, () => {
  let stack: Stack;
  let db: Db;
  let folder: string;
  const file = (name: string) => join(folder, name);

  before(async () => {
    folder = mkdtempSync(join(tmpdir(), 'sallyport-verify-'));
    stack = await startStack();
    db = openDb({ url: stack.databaseUrl, name: 'test', max: 1 });
    for (let count = 0; count < 3; count += 1) await logIn(stack, await signUpWithFactor(stack));
    await checkpoint();
  });
  after(async () => {
    await db?.close();
    await stack?.[Symbol.asyncDispose]();
    if (folder) rmSync(folder, { recursive: true });
  });

  /** Waits until a checkpoint covers all that there is. */
  async function checkpoint(): Promise<void> {
    await waitForLog(stack);
    await age(db, '20 seconds');
    const uncovered = 'select from gateway.audit_head where checkpoint < sequence';
    await until('a checkpoint', async () => (await stack.sql(uncovered)).length === 0);
  }

  const environment = () => ({
    DATABASE_URL: stack.databaseUrl,
    AUDIT_SIGNING_KEYS: stack.env.AUDIT_SIGNING_KEYS ?? '',
  });
  const run = (args: string[], env: Record<string, string> = environment()) =>
    runCommand('supervisor/audit-verify.ts', args, env).ended;

  async function readBodies(): Promise<string[]> {
    const rows = await stack.sql<{ body: string }>('select body from gateway.audit_event order by sequence');
    return rows.map((row) => row.body);
  }

  test('says how it is used', async () => {
    const help = await run(['--help']);
    assert.equal(help.code, 0);
    assert.match(help.output, /--checkpoint FILE/);
    for (const wrong of [['-x'], ['--after', 'x'], ['--url', 'u', '--file', 'f']]) {
      assert.equal((await run(wrong)).code, 2, wrong.join(' '));
    }
  });

  test('finds an untouched log intact, wherever it is read from, with its signatures', async () => {
    const args = ['--checkpoint', file('saved'), '--save', file('saved'), '--require-signatures'];
    const database = await run(args);
    assert.equal(database.code, 0, database.output + database.log);
    assert.match(database.output, /^intact: \d+ events, 1 to \d+, head [0-9a-f]{64}\n\d+ checkpoints\n/);
    assert.equal((await run(args)).code, 0, 'against itself');
    assert.equal(JSON.parse(readFileSync(file('saved'), 'utf8')).type, 'sallyport.audit.checkpoint');
    writeFileSync(file('log'), `${(await readBodies()).join('\n')}\n`);
    const keys = await stack.api('GET', '/.well-known/audit-keys.json');
    writeFileSync(file('keys'), JSON.stringify(keys.body));
    const read = ['--file', file('log'), '--keys', file('keys'), '--checkpoint', file('saved')];
    assert.equal((await run(read)).code, 0);
    const unsigned = await run(['--file', file('log')]);
    assert.match(unsigned.output, /signatures were not checked/);
    assert.equal((await run(['--file', file('log'), '--require-signatures'])).code, 1);
    assert.match((await run([...read, '--after', '5'])).output, /^intact: \d+ events, 6 to /);
  });

  test('over HTTP, by an auditor', async () => {
    const { url } = stack.parts.gateways[0] ?? {};
    const auditor = await makeAuditor(stack);
    const args = ['--url', url ?? '', '--checkpoint', file('saved')];
    const seen = await run(args, { AUDIT_TOKEN: auditor.accessToken });
    assert.equal(seen.code, 0, seen.output + seen.log);
    assert.match(seen.output, /^intact/);
    assert.equal((await run(args, { AUDIT_TOKEN: 'wrong' })).code, 1);
    assert.match((await run(args, {})).log, /Set AUDIT_TOKEN/);
  });

  test('names the first bad number and the damage, whatever was done in the database', async () => {
    await checkpoint();
    const events = (await readBodies()).map((body) => JSON.parse(body));
    const at = 4;
    const victim = events[at - 1];
    const lasting = (event: object) =>
      canonical({ ...event, data: { ...victim.data, personal: null, reason: 'forged' } });
    const rehashed = { ...victim, data: { ...victim.data, reason: 'forged' } };
    const forged = lasting({ ...rehashed, hash: hashEvent(rehashed) });
    const cases: [string, string, unknown[], RegExp][] = [
      [
        'edited',
        'update gateway.audit_log set body = $2 where sequence = $1',
        [at, lasting(victim)],
        /^damaged at 4: altered/,
      ],
      [
        'hashed anew',
        'update gateway.audit_log set body = $2, hash = $3 where sequence = $1',
        [at, forged, hashEvent(rehashed)],
        /^damaged at 4: re-hashed/,
      ],
      ['deleted', 'delete from gateway.audit_log where sequence = $1', [at], /^damaged at 4: deleted/],
      [
        'swapped',
        `update gateway.audit_log l set body = other.body from gateway.audit_log other
         where l.sequence in ($1::bigint, $1::bigint + 1) and other.sequence = 2 * $1::bigint + 1 - l.sequence`,
        [at],
        /^damaged at 4: /,
      ],
      [
        'given another column',
        "update gateway.audit_log set type = 'x' where sequence = $1",
        [at],
        /^damaged at 4: altered/,
      ],
      [
        'given other personal data',
        `update gateway.audit_personal set personal = replace(personal, '"ip":"', '"ip":"9') where sequence = $1`,
        [at],
        /^damaged at 4: personal-altered/,
      ],
      [
        'hidden from an erasure',
        'update gateway.audit_personal set subject = gen_random_uuid() where sequence = $1',
        [at],
        /^damaged at 4: altered\n4 has personal data that an erasure would miss/,
      ],
      [
        'given another hash beside it',
        "update gateway.audit_log set hash = repeat('0', 64) where sequence = $1",
        [at],
        /^damaged at 4: altered/,
      ],
      [
        'robbed of personal data',
        'delete from gateway.audit_personal where sequence = $1',
        [at],
        /^damaged at 4: personal-removed/,
      ],
      [
        'cut at its end, head and all',
        `with cut as (delete from gateway.audit_log where sequence > $1::bigint)
         update gateway.audit_head set sequence = $1::bigint, hash = $2, checkpoint = 0`,
        [at, victim.hash],
        /^damaged at 5: cut-tail/,
      ],
      ['cut at its end', 'delete from gateway.audit_log where sequence > $1', [at], /^damaged at 5: cut-tail/],
      ['cut at its beginning', 'delete from gateway.audit_log where sequence <= $1', [at], /cut-head/],
    ];
    await stopPipeline();
    for (const [what, statement, values, expected] of cases) {
      await using undo = await tamper(statement, values);
      const found = await run(['--checkpoint', file('saved')]);
      assert.equal(found.code, 1, `${what}: ${found.output}${found.log}`);
      assert.match(found.output, expected, what);
      assert.ok(undo);
    }
    assert.equal((await run([])).code, 0, 'as it was');
  });

  /** The gateway would go on from a head that is wrong. */
  async function stopPipeline(): Promise<void> {
    for (const gateway of stack.parts.gateways) await gateway.close();
  }

  /** Changes the log as only a superuser can, and puts it back. */
  async function tamper(statement: string, values: unknown[]): Promise<AsyncDisposable> {
    const tables = ['audit_log', 'audit_personal', 'audit_head'];
    for (const table of tables) await stack.sql(`create table public.${table} as table gateway.${table}`);
    const triggers = async (state: string) => stack.sql(`alter table gateway.audit_log ${state} trigger all`);
    await triggers('disable');
    await stack.sql(statement, values);
    return {
      async [Symbol.asyncDispose]() {
        for (const table of tables) {
          await stack.sql(`delete from gateway.${table}`);
          await stack.sql(`insert into gateway.${table} select * from public.${table}`);
          await stack.sql(`drop table public.${table}`);
        }
        await triggers('enable');
      },
    };
  }
});
