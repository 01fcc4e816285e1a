import type { Queryable } from './db.ts';

/**
 * The settings under which a crash or a fail-over loses what was committed, as `fsync=off`: codes that were used would be
 * good again. Below `on`, `synchronous_commit` says less than its name only where there is a synchronous standby.
 */
export async function findRiskySettings(db: Queryable): Promise<string[]> {
  const rows = await db.query<{ setting: string }>(
    `select name || '=' || setting as setting from pg_settings
     where (name in ('fsync', 'full_page_writes', 'synchronous_commit') and setting = 'off')
        or (name = 'synchronous_commit' and setting in ('local', 'remote_write')
            and current_setting('synchronous_standby_names') <> '')
     order by name`,
  );
  return rows.map((row) => row.setting);
}
