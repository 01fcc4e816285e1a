import type { Db } from '@sallyport/postgres';

/** Makes what stands in the log older, as only a superuser can. */
export async function age(db: Pick<Db, 'script'>, interval: string): Promise<void> {
  await db.script(`begin;
    set local session_replication_role = replica;
    update gateway.audit_log set recorded = recorded - interval '${interval}';
    update gateway.audit_personal set recorded = recorded - interval '${interval}';
    commit`);
}
