import { openDb, placeOf, reasonOf } from '@sallyport/postgres';
import { StartError } from './start-error.ts';

const oldest = 14;

/** Whether DATABASE_URL leads to a PostgreSQL that will do. @throws StartError saying why not, without credentials */
export async function checkDatabase(url: string): Promise<void> {
  const db = openDb({ url, name: 'sallyport-start', max: 1 });
  try {
    const [row] = await db.query<{ version: number }>(`select current_setting('server_version_num')::int as version`);
    const major = Math.floor((row?.version ?? 0) / 10_000);
    if (major < oldest)
      throw new StartError(`DATABASE_URL leads to PostgreSQL ${major}: ${oldest} or newer is needed.`);
  } catch (error) {
    if (error instanceof StartError) throw error;
    throw new StartError(`DATABASE_URL: PostgreSQL at ${placeOf(url)} can't be reached (${reasonOf(error)}).`);
  } finally {
    await db.close();
  }
}
