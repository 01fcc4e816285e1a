import { createReadStream } from 'node:fs';
import { createInterface } from 'node:readline';
import type { HeldEvent, Mark } from '@sallyport/audit/log';
import { openDb, requireMigrated } from '@sallyport/postgres';
import { gatewayMigrations } from '../gateway/migrations.ts';
import { createLogReader } from './audit-http.ts';
import { createTokenSource } from './audit-token.ts';
import { checkDatabase } from './check-database.ts';
import { findDatabase } from './find-database.ts';
import { StartError } from './start-error.ts';

export interface LogSource extends AsyncDisposable {
  events: AsyncIterable<HeldEvent>;
  /** How many there are, as far as that is known. */
  total?: number;
  /** What the place itself knows of its tail. */
  marks: Mark[];
}

interface StoredRow {
  sequence: number;
  body: string;
  misplaced: boolean;
}

/** By its columns an erasure finds personal data; they must say what the event says. */
const stored = `
  select e.sequence, e.id, e.type, e.subject, l.hash, e.body,
    coalesce((p.subject, p.actor) is distinct from (e.subject, nullif(
      case when e.body::json #>> '{data,actor,type}' = 'account' then e.body::json #>> '{data,actor,id}' end,
      e.subject::text)::uuid) and p.sequence is not null, false) as misplaced
  from gateway.audit_event e
  join gateway.audit_log l using (sequence)
  left join gateway.audit_personal p using (sequence)
  where e.sequence > $1 order by e.sequence limit $2`;

const pageSize = 1_000;
const deadlineMs = 60_000;

/** The log after an event, to its present end: of `--file`, of `--url`, else of the database. */
export async function openLogSource(
  from: { url?: string | undefined; file?: string | undefined },
  after: number,
  env: NodeJS.ProcessEnv,
): Promise<LogSource> {
  if (from.file !== undefined) return openFile(from.file, after);
  return from.url === undefined ? openDatabase(after, env) : openHttp(from.url, after, env);
}

function openFile(path: string, after: number): LogSource {
  const input = path === '-' ? process.stdin : createReadStream(path);
  async function* read() {
    try {
      for await (const line of createInterface({ input, crlfDelay: Number.POSITIVE_INFINITY })) {
        if (line.trim() !== '' && numberOf(line) > after) yield line;
      }
    } catch (error) {
      throw new StartError(`${path} can't be read (${(error as NodeJS.ErrnoException).code}).`);
    }
  }
  return { events: read(), marks: [], [Symbol.asyncDispose]: async () => void input.destroy() };
}

/** What can't be read belongs to the log until that has judged it. */
function numberOf(line: string): number {
  try {
    return Number(JSON.parse(line).sequence ?? Number.POSITIVE_INFINITY);
  } catch {
    return Number.POSITIVE_INFINITY;
  }
}

async function openDatabase(after: number, env: NodeJS.ProcessEnv): Promise<LogSource> {
  const url = await findDatabase(env);
  await checkDatabase(url);
  await using opened = new AsyncDisposableStack();
  const db = opened.adopt(openDb({ url, name: 'sallyport-audit-verify', max: 1, deadlineMs }), (it) => it.close());
  await requireMigrated(db, { name: 'gateway', url, migrations: gatewayMigrations });
  const [head] = await db.query<{ sequence: number; hash: string; first: number }>(
    'select sequence, hash, first_told as first from gateway.audit_head',
  );
  if (!head) throw new StartError('gateway.audit_head is empty: somebody has deleted where the log ends.');
  const { sequence, hash } = head;
  async function* read() {
    for (let last = after; ; ) {
      const rows = await db.query<StoredRow>(stored, [last, pageSize]);
      for (const { body, misplaced, ...columns } of rows) {
        yield { body, columns, misfit: misplaced ? 'has personal data that an erasure would miss' : undefined };
      }
      last = rows.at(-1)?.sequence ?? last;
      if (rows.length < pageSize) return;
    }
  }
  const all = opened.move();
  return {
    events: read(),
    total: sequence - Math.max(after, head.first - 1),
    marks: sequence > after ? [{ sequence, hash }] : [],
    [Symbol.asyncDispose]: () => all.disposeAsync(),
  };
}

function openHttp(url: string, after: number, env: NodeJS.ProcessEnv): LogSource {
  const reader = createLogReader({ url, token: createTokenSource(url, env) });
  async function* read() {
    for (let last = after; ; ) {
      const page = await reader.read({ after: last, limit: pageSize });
      yield* page.texts;
      last = page.last;
      if (page.texts.length < pageSize) return;
    }
  }
  return { events: read(), marks: [], [Symbol.asyncDispose]: async () => {} };
}
