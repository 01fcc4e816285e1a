import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Db, Queryable } from './db.ts';

/** Where a part's migrations lie, and the schema that is theirs alone. */
export interface Migrations {
  schema: string;
  folder: string;
}

interface Step {
  name: string;
  text: string;
  checksum: string;
}

/*
 * While a new version is rolled out, the old one runs, restarts and scales on the schema of the new one, and goes on there
 * if the roll is taken back. So a part runs on migrations that it lacks: those of a newer version only add. One that takes
 * away what an older version needs is named `NNNN_what.contract.sql`, and no version runs on a schema with one it lacks.
 */

/**
 * Brings a part's schema up to date: plain SQL files in the order of their names, all in one transaction
 * under an advisory lock, so that several starts at once apply each once.
 * @returns the names applied now; none where a newer version has been here and this one lacks nothing
 * @throws Error when an applied file was changed since, or a newer version went further than this one can follow
 */
export async function migrate(db: Db, migrations: Migrations): Promise<string[]> {
  const steps = await readSteps(migrations.folder);
  return db.transaction(async (tx) => {
    await tx.query('select pg_advisory_xact_lock(hashtext($1))', [`sallyport/migrate/${migrations.schema}`]);
    await tx.query(`create schema if not exists ${migrations.schema}`);
    await tx.query(
      `create table if not exists ${migrations.schema}.migration (
         name text primary key, checksum text not null, applied_at timestamptz not null default now())`,
    );
    const missing = await findMissing(tx, migrations.schema, steps);
    for (const step of missing) {
      await tx.script(step.text);
      await tx.query(`insert into ${migrations.schema}.migration (name, checksum) values ($1, $2)`, [
        step.name,
        step.checksum,
      ]);
    }
    return missing.map((step) => step.name);
  });
}

/** The names of the migrations that a part needs and the database lacks. */
export async function pendingMigrations(db: Db, migrations: Migrations): Promise<string[]> {
  const steps = await readSteps(migrations.folder);
  const [found] = await db.query<{ table: string | null }>('select to_regclass($1)::text as table', [
    `${migrations.schema}.migration`,
  ]);
  if (found?.table == null) return steps.map((step) => step.name);
  return (await findMissing(db, migrations.schema, steps)).map((step) => step.name);
}

async function readSteps(folder: string): Promise<Step[]> {
  const names = (await readdir(folder)).filter((name) => name.endsWith('.sql')).sort();
  return Promise.all(
    names.map(async (name) => {
      const text = await readFile(join(folder, name), 'utf8');
      return { name, text, checksum: createHash('sha256').update(text).digest('hex') };
    }),
  );
}

async function findMissing(db: Queryable, schema: string, steps: Step[]): Promise<Step[]> {
  const applied = await db.query<{ name: string; checksum: string }>(
    `select name, checksum from ${schema}.migration order by name`,
  );
  const checksums = new Map(applied.map((row) => [row.name, row.checksum]));
  for (const { name, checksum } of steps) {
    const known = checksums.get(name);
    if (known !== undefined && known !== checksum) throw new Error(`migration ${schema}/${name} was changed since`);
  }
  const missing = steps.filter((step) => !checksums.has(step.name));
  const newer = applied.map(({ name }) => name).filter((name) => !steps.some((step) => step.name === name));
  const beyond = missing.length > 0 ? newer[0] : newer.find((name) => name.endsWith('.contract.sql'));
  if (beyond) throw new Error(`schema ${schema} was migrated by a newer version (${beyond})`);
  return missing;
}
