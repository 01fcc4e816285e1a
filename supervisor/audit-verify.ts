// `npm run audit:verify`: whether an audit log is as it was written, from the database, over HTTP or from a file.
import { existsSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { canonical, type Damage, type Intact, verifyLog } from '@sallyport/audit/log';
import { Unavailable } from '@sallyport/contracts';
import { readAuditKeys } from './audit-keys.ts';
import { openLogSource } from './audit-log-source.ts';
import { createProgress } from './create-progress.ts';
import { explainFailure } from './explain-failure.ts';
import { readSavedMarks } from './saved-checkpoints.ts';
import { StartError } from './start-error.ts';
import { writeFileDurably } from './write-file-durably.ts';

const usage = `npm run audit:verify -- [OPTIONS]   checks numbers, chain, personal data, checkpoints and signatures of the audit log
  --url URL            over HTTP, with an access token of the role audit or admin in AUDIT_TOKEN, or a refresh token
                       in AUDIT_REFRESH_TOKEN, which is used up by it
  --file FILE          NDJSON, an event a line; - is standard input
  (neither)            the database: DATABASE_URL, or that of a running npm start, found through DATA_DIR
  --keys FILE|URL      a JWK set of keys that have left the ring, or for --file; beside them count those that --url
                       publishes, and for the database AUDIT_SIGNING_KEYS of the environment or of DATA_DIR
  --checkpoint FILE    checkpoints that were saved, one a line: a tail that was cut, or a log that was written anew, shows
  --save FILE          writes the last checkpoint there, for next time: keep it where who owns the database can't reach;
                       with --checkpoint of the same name it may be missing the first time
  --after N            only what follows the event N, which is taken as given
  --require-signatures fails where there are no keys
Exit code 0: intact. 1: damaged, with the first bad number and what is wrong with it, or not checkable. 2: not understood.`;

try {
  process.exitCode = await main();
} catch (error) {
  console.error(error instanceof Unavailable ? 'PostgreSQL went away: run this again.' : explainFailure(error));
  process.exitCode = 1;
}

async function main(): Promise<0 | 1 | 2> {
  const options = readOptions();
  if (!options) {
    console.error(usage);
    return 2;
  }
  if (options.help) {
    console.log(usage);
    return 0;
  }
  const keys = await readAuditKeys(options, process.env);
  if (!keys && options['require-signatures']) throw new StartError('There are no keys: give them with --keys.');
  const { checkpoint } = options;
  const isFirst = checkpoint !== undefined && checkpoint === options.save && !existsSync(checkpoint);
  const saved = checkpoint === undefined || isFirst ? [] : await readSavedMarks(checkpoint, keys);
  const after = Number(options.after ?? 0);
  await using source = await openLogSource(options, after, process.env);
  const verdict = await verifyLog(counted(source.events, source.total), {
    keys,
    after,
    marks: [...saved, ...source.marks],
  });
  if (verdict.outcome === 'damaged') return tellDamage(verdict);
  tellIntact(verdict, keys !== undefined);
  if (options.save !== undefined) await save(options.save, verdict);
  return 0;
}

async function* counted<Event>(events: AsyncIterable<Event>, total?: number): AsyncGenerator<Event> {
  const progress = createProgress(() => performance.now(), console.error, 'events');
  let count = 0;
  for await (const event of events) {
    yield event;
    count += 1;
    progress(count, total);
  }
}

function tellDamage({ sequence, until, damage, says }: Damage): 1 {
  const place = until === undefined ? `${sequence}` : `${sequence} to ${until}`;
  console.log(`damaged at ${place}: ${damage}\n${says}`);
  return 1;
}

function tellIntact({ events, from, to, head, checkpoints, lastCheckpoint }: Intact, signed: boolean): void {
  console.log(events === 0 ? 'intact: there is no event' : `intact: ${events} events, ${from} to ${to}, head ${head}`);
  const covered = lastCheckpoint === undefined ? from - 1 : lastCheckpoint.number;
  const tail = to > covered ? `, none covers ${to - covered} at the end yet` : '';
  console.log(
    `${checkpoints} checkpoints${tail}${signed ? '' : '; their signatures were not checked: no keys (--keys)'}`,
  );
}

async function save(path: string, { lastCheckpoint }: Intact): Promise<void> {
  if (!lastCheckpoint) throw new StartError('There is no checkpoint to save.');
  await writeFileDurably(path, `${canonical(lastCheckpoint.event)}\n`);
  console.log(`checkpoint ${lastCheckpoint.number} saved in ${path}`);
}

function readOptions() {
  try {
    const { values } = parseArgs({
      options: {
        url: { type: 'string' },
        file: { type: 'string' },
        keys: { type: 'string' },
        checkpoint: { type: 'string' },
        save: { type: 'string' },
        after: { type: 'string' },
        'require-signatures': { type: 'boolean' },
        help: { type: 'boolean' },
      },
    });
    const oneSource = values.url === undefined || values.file === undefined;
    return oneSource && /^\d{1,15}$/.test(values.after ?? '0') ? values : undefined;
  } catch {
    return undefined;
  }
}
