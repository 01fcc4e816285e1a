import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import pg from 'pg';
import { startEmbeddedPostgres } from './embedded-postgres.ts';

describe('the embedded PostgreSQL, in a folder that only its owner may pass', () => {
  let parent: string;
  const options = () => ({ folder: join(parent, 'postgres'), password: 'a password: / @ %', durable: false });
  before(async () => {
    parent = await mkdtemp(join(tmpdir(), 'embedded-'));
  });
  after(() => rm(parent, { recursive: true }));

  it('keeps its data over a stop and over a kill', async () => {
    const first = await startEmbeddedPostgres(options());
    await ask(first.url, 'create table kept as select 1 as one');
    await first.close();

    const second = await startEmbeddedPostgres(options());
    assert.deepEqual(await ask(second.url, 'select one from kept'), [{ one: 1 }]);
    process.kill(await readPid(options().folder), 'SIGKILL');
    assert.equal(await second.died, 'SIGKILL');

    const third = await startEmbeddedPostgres(options());
    assert.deepEqual(await ask(third.url, 'select one from kept'), [{ one: 1 }]);
    await third.close();
  });

  it('stops a server that an earlier owner of the folder left behind', async () => {
    const left = await startEmbeddedPostgres(options());
    const next = await startEmbeddedPostgres(options());
    assert.equal(await left.died, 'exit code 0');
    assert.deepEqual(await ask(next.url, 'select 2 as two'), [{ two: 2 }]);
    await next.close();
  });

  it('refuses another password than the one it was made with', async () => {
    await assert.rejects(
      startEmbeddedPostgres({ ...options(), password: 'other' }),
      /refuses the password in keys.json/,
    );
  });
});

async function ask(url: string, statement: string): Promise<unknown[]> {
  const client = new pg.Client({ connectionString: url });
  client.on('error', () => {});
  await client.connect();
  const { rows } = await client.query(statement).finally(() => client.end());
  return rows;
}

async function readPid(folder: string): Promise<number> {
  return Number((await readFile(join(folder, 'postmaster.pid'), 'utf8')).split('\n')[0]);
}
