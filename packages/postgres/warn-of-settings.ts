import type { Queryable } from './db.ts';
import { findRiskySettings } from './find-risky-settings.ts';

/** Warns of what an operator should mend: settings that lose commits, and a pooler that has dropped the deadline. */
export async function warnOfSettings(
  db: Queryable,
  logger: { warn(details: object, says: string): void },
): Promise<void> {
  for (const setting of await findRiskySettings(db)) logger.warn({ setting }, 'PostgreSQL may lose what was committed');
  const endless = await db.query(`select from pg_settings where name = 'statement_timeout' and setting = '0'`);
  if (endless.length > 0)
    logger.warn({ setting: 'statement_timeout=0' }, 'PostgreSQL ends no statement that nobody waits for any more');
}
