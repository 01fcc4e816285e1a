// A database of its own for a test file, on the server that TEST_DATABASE_URL names. Whoever asks for one migrates it.
import { randomBytes } from 'node:crypto';
import pg from 'pg';

/** Why tests that need a database are skipped; false where there is one. For the `skip` option of a test. */
export const databaseMissing: string | false = process.env.TEST_DATABASE_URL ? false : 'TEST_DATABASE_URL is not set';

export interface TestDatabase {
  url: string;
  /** Drops the database, whoever is still connected. */
  [Symbol.asyncDispose](): Promise<void>;
}

interface TestDatabaseOptions {
  /** Instead of TEST_DATABASE_URL. */
  server?: string | undefined;
  /** The database to copy; nobody may be connected to it meanwhile. */
  template?: string | undefined;
}

export async function createTestDatabase(options: TestDatabaseOptions = {}): Promise<TestDatabase> {
  const { server: admin = process.env.TEST_DATABASE_URL, template } = options;
  if (!admin) throw new Error('TEST_DATABASE_URL is not set');
  const name = `test_${randomBytes(8).toString('hex')}`;
  await runOn(admin, `create database ${name}${template ? ` template ${template}` : ''}`);
  const url = new URL(admin);
  url.pathname = `/${name}`;
  return {
    url: url.href,
    [Symbol.asyncDispose]: () => runOn(admin, `drop database if exists ${name} with (force)`),
  };
}

export async function runOn(url: string, statement: string): Promise<void> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    await client.query(statement);
  } finally {
    await client.end();
  }
}
