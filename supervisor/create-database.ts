import pg from 'pg';
import { StartError } from './start-error.ts';

const invalidPassword = '28P01';

/** Makes the database that a URL names, unless it is there. */
export async function createDatabase(url: string): Promise<void> {
  const name = new URL(url).pathname.slice(1);
  const maintenance = Object.assign(new URL(url), { pathname: '/postgres' }).href;
  const client = new pg.Client({ connectionString: maintenance, connectionTimeoutMillis: 10_000 });
  client.on('error', () => {});
  try {
    await client.connect();
    const { rowCount } = await client.query('select from pg_database where datname = $1', [name]);
    if (rowCount === 0) await client.query(`create database ${client.escapeIdentifier(name)}`);
  } catch (error) {
    if ((error as { code?: string }).code !== invalidPassword) throw error;
    throw new StartError('The embedded database refuses the password in keys.json: put the file back from a backup.');
  } finally {
    await client.end().catch(() => {});
  }
}
