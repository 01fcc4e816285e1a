import assert from 'node:assert/strict';
import { existsSync, globSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { test } from 'node:test';
import { pathToFileURL } from 'node:url';
import { type EventType, eventTypeNames, eventTypes, type Part } from '@sallyport/audit/log';
import { GatewayConfig } from '../gateway/config.ts';
import type { GatewayRoute } from '../gateway/gateway-route.ts';
import { problems } from '../gateway/problems.ts';
import { routes } from '../gateway/routes/index.ts';
import { damageKinds } from '../packages/audit/chain/damage.ts';
import { OtpConfig } from '../services/otp/config.ts';
import { UsersConfig } from '../services/users/config.ts';
import { readSupervisorConfig } from '../supervisor/config.ts';
import { readLog } from './support/audit-log.ts';
import { databaseMissing } from './support/database.ts';
import { logIn, signUpWithFactor } from './support/people.ts';
import { startStack } from './support/stack.ts';

/*
 * Holds the documents to the code, in both directions where there are two: what exists is described, and what is
 * described exists.
 */

const root = resolve(import.meta.dirname, '..');
const read = (path: string) => readFileSync(join(root, path), 'utf8');
const excluded = ['**/node_modules', '**/.git', '**/.data'];
const ownSources = globSync('{gateway,services,supervisor}/**/*.ts', {
  cwd: root,
  exclude: [...excluded, '**/*.test.ts', '**/test', '**/testing'],
});
const documents = globSync('**/*.md', { cwd: root, exclude: excluded }).sort();

test('docs/problems.md has a heading for every problem, with its status and title', () => {
  const sections = read('docs/problems.md').split(/^### /m).slice(1);
  const described = sections.map((section) => {
    const [, code, status, says = ''] = /^(\S+)\n\nStatus (\d+)\. ([\s\S]*)/.exec(section) ?? [];
    return { code, status: Number(status), says: says.replaceAll('\n', ' ') };
  });
  assert.deepEqual(
    described.map(({ code, status }) => `${status} ${code}`).sort(),
    Object.values(problems)
      .map(({ code, status }) => `${status} ${code}`)
      .sort(),
  );
  for (const { code, says } of described) {
    assert.ok(says.startsWith(problems[code as keyof typeof problems].title), `${code} begins with its title`);
  }
});

const parts = { users: UsersConfig, otp: OtpConfig, gateway: GatewayConfig };

/** What the processes read beside the schemas of the parts, by who reads it. */
const furtherReaders: Record<string, string[]> = {
  start: namesIn('supervisor/config.ts'),
  migrate: namesIn('supervisor/migrate.ts'),
  ...Object.fromEntries(Object.keys(parts).map((part) => [part, environmentIn('packages/http/run-part.ts')])),
};

test('docs/configuration.md has a row for every variable, with those who read it', () => {
  const readers = new Map<string, Set<string>>();
  const note = (name: string, part: string) => readers.set(name, (readers.get(name) ?? new Set()).add(part));
  for (const [part, schema] of Object.entries(parts)) for (const name of Object.keys(schema.shape)) note(name, part);
  for (const [part, names] of Object.entries(furtherReaders)) for (const name of names) note(name, part);
  assert.deepEqual(
    variableRows().map(({ name, readBy }) => `${name}: ${[...readBy].sort().join(', ')}`),
    [...readers].map(([name, by]) => `${name}: ${[...by].sort().join(', ')}`).sort(),
  );
});

test('docs/configuration.md has the defaults of the schemas', () => {
  const given = new Map(variableRows().map(({ name, preset }) => [name, preset]));
  for (const [part, schema] of Object.entries(parts)) {
    for (const [name, field] of Object.entries(schema.shape)) {
      if (name === 'OPS_PORT') continue;
      assert.equal(given.get(name)?.split(';')[0], presetOf(field), `${name} of ${part}`);
    }
  }
  const { ports, dataFolder, host, logLevel } = readSupervisorConfig({});
  const own = { GATEWAY_PORT: ports.gateway, USERS_PORT: ports.users, OTP_PORT: ports.otp, HOST: host };
  for (const [name, value] of Object.entries({ ...own, LOG_LEVEL: logLevel })) {
    assert.equal(given.get(name), `\`${value}\``, `${name} of npm start`);
  }
  assert.equal(resolve(given.get('DATA_DIR')?.replaceAll('`', '') ?? ''), dataFolder);
});

test('without OPS_PORT no part has one in its configuration: it is the own port + 1000', () => {
  for (const [part, { shape }] of Object.entries(parts)) {
    assert.equal(shape.OPS_PORT.parse(undefined), undefined, `OPS_PORT of ${part}`);
  }
});

test('docs/api.md has a row for every route, with its access', () => {
  const documented = tableRows(read('docs/api.md')).filter(([call]) => /^`[A-Z]+ \//.test(call ?? ''));
  const further = [
    'GET /verify: Bearer',
    'GET /openapi.json: public',
    'GET /asyncapi.json: public',
    'GET /docs: public',
  ];
  assert.deepEqual(
    documented.map(([call = '', access]) => `${unquote(call)}: ${access}`).sort(),
    [...routes.map(describeRoute), ...further].sort(),
  );
});

test('docs/api.md has every limit that a variable sets', () => {
  const limits = read('docs/api.md').split('## Limits')[1] ?? '';
  const adjustable = variableRows().filter(({ name }) => /_(TRIES|AFTER|SECONDS|FAILURES)$|_PER_ADDRESS$/.test(name));
  // How a part stops limits nobody who calls.
  for (const { name } of adjustable.filter(({ name }) => name !== 'STOP_DELAY_SECONDS'))
    assert.ok(limits.includes(`\`${name}\``), name);
});

test('docs/audit.md has a row for every type of event, under the part that records it', () => {
  const sections = read('docs/audit.md').split(/^### Recorded by (?:the )?/m);
  for (const part of ['users', 'otp', 'gateway'] as Part[]) {
    const types = eventTypeNames.filter((type) => (eventTypes[type] as EventType).recordedBy.includes(part));
    const section = sections.find((text) => text.startsWith(part)) ?? '';
    assert.deepEqual(
      typeRows(section).map(({ type }) => type),
      [...types],
      part,
    );
  }
});

test('docs/audit.md marks exactly the types that no call records yet', () => {
  const code = ownSources.map(read).join('\n');
  const isCalled = (type: string) => new RegExp(`\\b${functionOf(type)}\\b`).test(code);
  const rows = typeRows(read('docs/audit.md'));
  assert.deepEqual(
    rows.filter(({ marked }) => marked).map(({ type }) => type),
    rows.filter(({ type }) => !isCalled(type)).map(({ type }) => type),
  );
});

test('docs/audit.md has a row for every kind of damage, as the verifier says it', () => {
  const rows = tableRows(read('docs/audit.md')).map(([kind = '', says]) => `${unquote(kind)}: ${says}`);
  for (const [kind, says] of Object.entries(damageKinds)) assert.ok(rows.includes(`${kind}: ${says}`), kind);
});

test('no part names a type to record it: packages/audit has a function for each', () => {
  const readers = ['create-checkpoint.ts', 'number-page.ts', 'project.ts', 'start-pipeline.ts', 'store/log.ts'];
  const recording = (path: string) => read(path).replaceAll(/ReasonOf<[^>]*>/g, '');
  const literals = eventTypeNames.map((type) => `'${type}'`);
  const naming = ownSources.filter((path) => literals.some((literal) => recording(path).includes(literal)));
  assert.deepEqual(naming.sort(), [...readers.map((file) => `gateway/audit/${file}`), 'supervisor/count-key-rows.ts']);
});

test('docs/operations.md has a row for every metric; docs/audit.md verifies the log', {
  skip: databaseMissing,
}, async (t) => {
  // The relay's measures are there where a broker is configured, whether or not it answers.
  await using stack = await startStack({ env: { AMQP_URL: 'amqp://127.0.0.1:1' } });
  await t.test('metrics', async () => {
    const { users, otps, gateways } = stack.parts;
    const found = new Map<string, string[]>();
    for (const [part, running] of Object.entries({ users, otp: otps[0], gateway: gateways[0] })) {
      const text = await (await fetch(`${running?.opsUrl}/metrics`)).text();
      for (const [, name = '', type] of text.matchAll(/^# TYPE (\S+) (\S+)$/gm)) {
        if (/^(process|nodejs)_/.test(name)) continue;
        found.set(`${name} ${type}`, [...(found.get(`${name} ${type}`) ?? []), part]);
      }
    }
    const rows = tableRows(read('docs/operations.md').split('## Metrics')[1]?.split('\n## ')[0] ?? '').slice(2);
    assert.deepEqual(
      rows.map(([name = '', part, type]) => `${unquote(name)} ${type}: ${part}`).sort(),
      [...found].map(([name, by]) => `${name}: ${by.join(', ')}`).sort(),
    );
  });

  await t.test('the recipe that verifies the chain', async (t) => {
    await logIn(stack, await signUpWithFactor(stack));
    const text = JSON.stringify(await readLog(stack));
    const verify = await loadRecipe(t.after.bind(t));
    const events = () => JSON.parse(text);
    assert.equal(verify(events()).number, BigInt(events().length));
    const erased = events();
    erased[1].data.personal = null;
    verify(erased);

    const spoil = (how: (log: ReturnType<typeof events>) => unknown) => {
      const log = events();
      how(log);
      return () => verify(log);
    };
    assert.throws(
      spoil((log) => (log[1].data.outcome = 'failure')),
      /altered/,
    );
    assert.throws(
      spoil((log) => (log[1].data.personal.ip = '192.0.2.1')),
      /personal/,
    );
    assert.throws(
      spoil((log) => log.splice(1, 1)),
      /gap/,
    );
    assert.throws(
      spoil((log) => (log[1].prevhash = log[1].hash)),
      /follow/,
    );
  });
});

test('every relative link leads somewhere, to the heading that it names', () => {
  const broken = documents.flatMap((path) =>
    linksOf(path).filter(({ target, heading }) => {
      if (!existsSync(target)) return true;
      return heading !== undefined && (!statSync(target).isFile() || !headingsOf(target).includes(heading));
    }),
  );
  assert.deepEqual(broken, []);
});

test('no document names a path of a machine or the address of a registry', () => {
  const machine = /(^|[\s`"'(])\/(work|home|root|Users|tmp|mnt|opt)\//m;
  for (const path of documents) {
    assert.doesNotMatch(read(path), machine, path);
    assert.doesNotMatch(read(path), /registry\.|npmjs|artifactory|verdaccio/i, path);
  }
});

test('ARCHITECTURE.md names the ten promises, each with its place in the code and a test', () => {
  const section = read('ARCHITECTURE.md').split('## The ten promises')[1]?.split('\n## ')[0] ?? '';
  const promises = section.split(/^(?=\d+\. \*\*)/m).slice(1);
  assert.deepEqual(
    promises.map((text) => Number.parseInt(text, 10)),
    [1, 2, 3, 4, 5, 6, 7, 8, 9, 10],
  );
  for (const text of promises) {
    const [kept = '', shown = ''] = text.split(/shown\s+by/);
    assert.match(kept, /Kept\s+by[\s\S]*\]\([^)]+\)/, text);
    assert.match(shown, /\]\([^)]+\.test\.ts\)/, text);
  }
});

test('docs/security-tests.md names only tests that are there', () => {
  const rows = tableRows(read('docs/security-tests.md')).filter(
    ([, shown = '']) => shown !== 'test' && !/^-+$/.test(shown),
  );
  assert.ok(rows.length > 60);
  for (const [attack, shown = ''] of rows) {
    const [, file = '', name = ''] = /^\[[^\]]+\]\(\.\.\/([^)]+)\): (.+)$/.exec(shown) ?? [];
    assert.ok(name !== '' && read(file).includes(name), `${attack}: ${shown}`);
  }
});

function variableRows() {
  const section = read('docs/configuration.md').split('## Variables')[1]?.split('\n## ')[0] ?? '';
  return tableRows(section)
    .slice(2)
    .map(([name = '', by = '', preset = '']) => ({ name: unquote(name), readBy: by.split(', '), preset }))
    .sort((one, other) => (one.name < other.name ? -1 : 1));
}

/** The rows of all tables, headers and rules included, as cells. */
function tableRows(text: string): string[][] {
  const lines = text.split('\n').filter((line) => line.startsWith('|'));
  return lines.map((line) =>
    line
      .split('|')
      .slice(1, -1)
      .map((cell) => cell.trim()),
  );
}

const unquote = (cell: string) => cell.replaceAll('`', '');

/** How the table writes a field's default. */
function presetOf(field: { safeParse: (value: undefined) => { success: boolean; data?: unknown } }): string {
  const { success, data } = field.safeParse(undefined);
  if (!success) return 'required';
  const text = Array.isArray(data) ? data.join(',') : data;
  return text === undefined || text === '' ? 'none' : `\`${text}\``;
}

function namesIn(path: string): string[] {
  const schema = /z\.object\(\{([\s\S]*?)\}\)/.exec(read(path))?.[1] ?? '';
  return [...schema.matchAll(/\b([A-Z_]+): /g)].map(([, name]) => name ?? '');
}

function environmentIn(path: string): string[] {
  return [...read(path).matchAll(/\benv\.([A-Z_]+)/g)].map(([, name]) => name ?? '');
}

function describeRoute({ method, path, access, fresh, roles, beforeEnrolment }: GatewayRoute): string {
  const wanted = [
    access === 'bearer' ? 'Bearer' : access,
    ...(roles ? [`role ${roles.join(' or ')}`] : []),
    ...(fresh ? ['fresh'] : []),
    ...(beforeEnrolment ? ['before enrolment'] : []),
  ];
  return `${method.toUpperCase()} ${path.replace(/:(\w+)/g, '{$1}')}: ${wanted.join(', ')}`;
}

/** The function that records a type: `sallyport.otp.setup_started` is `otpSetupStarted`. The log makes its checkpoints itself. */
function functionOf(type: string): string {
  if (type === 'sallyport.audit.checkpoint') return 'createCheckpoint';
  return type.replace('sallyport.', '').replace(/[._](\w)/g, (_, letter: string) => letter.toUpperCase());
}

function typeRows(text: string) {
  const rows = tableRows(text).filter(([type]) => /^`[a-z_]+\.[a-z_]+`$/.test(type ?? ''));
  const types = rows.filter(([type]) => !/^`data\./.test(type ?? ''));
  return types.map(([type = '', when]) => ({ type: `sallyport.${unquote(type)}`, marked: when === '_no call yet_' }));
}

type Verify = (events: object[]) => { head: string; number: bigint };

/** The recipe as a module, where its imports are found. */
async function loadRecipe(after: (work: () => void) => void): Promise<Verify> {
  const [, recipe = ''] = /^```js\n([\s\S]*?)^```/m.exec(read('docs/audit.md')) ?? [];
  const folder = mkdtempSync(join(root, 'node_modules', '.docs-test-'));
  after(() => rmSync(folder, { recursive: true }));
  const file = join(folder, 'verify.mjs');
  writeFileSync(file, recipe);
  return (await import(pathToFileURL(file).href)).verify;
}

function linksOf(path: string) {
  const prose = read(path).replace(/^```[\s\S]*?^```/gm, '');
  return [...prose.matchAll(/\]\(([^)\s]+)\)/g)]
    .map(([, link = '']) => link)
    .filter((link) => !/^[a-z]+:/.test(link))
    .map((link) => {
      const [file = '', heading] = link.split('#');
      return { path, link, target: file === '' ? join(root, path) : resolve(root, dirname(path), file), heading };
    });
}

/** Headings as anchors: lower case, without punctuation, blanks as hyphens. */
function headingsOf(file: string): string[] {
  return [...readFileSync(file, 'utf8').matchAll(/^#+ (.*)$/gm)].map(([, heading = '']) =>
    heading
      .toLowerCase()
      .replace(/[^\p{L}\p{N}\s_-]/gu, '')
      .replaceAll(' ', '-'),
  );
}
