import pg from 'pg';
import { StartError } from './start-error.ts';

const oldest = 14;

/** Whether DATABASE_URL leads to a PostgreSQL that will do. @throws StartError saying why not, without credentials */
export async function checkDatabase(url: string): Promise<void> {
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 5_000, query_timeout: 5_000 });
  client.on('error', () => {});
  try {
    await client.connect();
    const { rows } = await client.query<{ version: number }>(
      `select current_setting('server_version_num')::int as version`,
    );
    const major = Math.floor((rows[0]?.version ?? 0) / 10_000);
    if (major < oldest)
      throw new StartError(`DATABASE_URL leads to PostgreSQL ${major}: ${oldest} or newer is needed.`);
  } catch (error) {
    if (error instanceof StartError) throw error;
    const { hostname, port, pathname } = new URL(url);
    const where = `${hostname || 'localhost'}:${port || 5432}${pathname}`;
    throw new StartError(`DATABASE_URL: PostgreSQL at ${where} can't be reached (${explain(error)}).`);
  } finally {
    await client.end().catch(() => {});
  }
}

function explain(error: unknown): string {
  const { code, message } = error as NodeJS.ErrnoException;
  return message || code || 'no answer';
}
