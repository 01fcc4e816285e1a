// The dashboard and the alerts hold to what the parts measure and to what docs/operations.md says.
// Runs on one back end: the real one has all that is measured.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { parse } from 'yaml';
import { repositoryFolder } from '../supervisor/repository-folder.ts';
import { databaseMissing } from './support/database.ts';
import { expect, logIn, signUp, signUpWithFactor, wrongCode } from './support/people.ts';
import { declaredName, readExpression } from './support/prom-expressions.ts';
import { findProgram } from './support/servers/find-servers.ts';
import { type Stack, startStack } from './support/stack.ts';
import { until } from './support/until.ts';

interface Rule {
  alert: string;
  expr: string;
  labels: { severity: string };
  annotations: { summary: string; runbook: string };
}

interface Panel {
  type: string;
  title: string;
  gridPos: { x: number; y: number; w: number; h: number };
  targets?: { expr: string }[];
}

const folder = join(repositoryFolder, 'deploy');
const read = (path: string) => readFileSync(join(repositoryFolder, path), 'utf8');
const rules: Rule[] = parse(read('deploy/prometheus/alerts.yml')).groups.flatMap(
  (group: { rules: Rule[] }) => group.rules,
);
const panels: Panel[] = JSON.parse(read('deploy/grafana/sallyport.json')).panels;
const expressions = [
  ...rules.map(({ expr }) => expr),
  ...panels.flatMap(({ targets = [] }) => targets.map((it) => it.expr)),
];

/** What Prometheus itself adds to every series. */
const ofPrometheus = ['job', 'instance'];

test('the dashboard and the alerts ask for nothing that the parts don’t measure', {
  skip: databaseMissing,
}, async () => {
  await using stack = await startStack({ broker: true, env: { PASSWORD_TRIES_PER_ADDRESS: '3' } });
  await live(stack);
  const { labels, declared } = await until('the measures of what was done', async () => {
    const measured = await scrape(stack);
    return measured.labels.has('audit_numbered_total') && measured;
  });
  for (const expression of expressions) {
    const asked = readExpression(expression);
    assert.notEqual(asked.length, 0, expression);
    for (const { metric, labels: wanted } of asked) {
      if (metric === 'up') continue;
      const name = declaredName(metric, declared);
      if (/^audit_relay_/.test(name) && !declared.has('audit_relay_lag_events')) continue;
      assert.ok(declared.has(name), `${metric} in ${expression}`);
      // What never happened here has no series whose labels could be looked at.
      const known = labels.get(name);
      if (known === undefined) continue;
      const unknown = wanted.filter((label) => !known.has(label) && !ofPrometheus.includes(label));
      assert.deepEqual(unknown, [], `labels in ${expression}`);
    }
  }
  const unseen = ['audit_quarantined_events', 'dependency_failures_total', 'redis_command_duration_seconds'];
  const silent = [...declared].filter(
    (name) => !labels.has(name) && !/^(process|nodejs|audit_relay|audit_collected)_/.test(name),
  );
  assert.deepEqual(
    silent.filter((name) => !unseen.includes(name)),
    [],
    'measures that nothing moved',
  );
});

test('the dashboard shows every measure of ours', () => {
  const shown = new Set(
    expressions.flatMap(readExpression).map(({ metric }) => metric.replace(/_(bucket|count|sum)$/, '')),
  );
  const rows = read('docs/operations.md').split('## Metrics')[1]?.split('\n## ')[0] ?? '';
  const documented = [...rows.matchAll(/^\| `(\w+)`/gm)].map(([, name = '']) => name);
  assert.deepEqual(
    documented.filter((name) => !shown.has(name)),
    [],
  );
});

test('panels have a place each, and no two the same title in a row', () => {
  const titles = panels.map(({ title }) => title);
  assert.equal(new Set(titles).size, titles.length);
  const inRow = (at: number) => panels.filter(({ gridPos }) => gridPos.y === at);
  for (const at of new Set(panels.map(({ gridPos }) => gridPos.y))) {
    assert.ok(inRow(at).reduce((sum, { gridPos }) => sum + gridPos.w, 0) <= 24, `row at ${at}`);
  }
});

test('every alert has its heading in docs/operations.md, under its severity, and every heading an alert', () => {
  const section = read('docs/operations.md').split('\n## Alerts')[1]?.split('\n## ')[0] ?? '';
  const headings = [...section.matchAll(/^### (\w+)\n\n(Page|Ticket)\./gm)].map(
    ([, name, severity]) => `${name} ${severity}`,
  );
  const alerts = rules.map(({ alert, labels }) => `${alert} ${labels.severity === 'page' ? 'Page' : 'Ticket'}`);
  assert.deepEqual(headings.toSorted(), [...new Set(alerts)].sort());
  for (const { alert, annotations } of rules) {
    assert.equal(annotations.runbook, `docs/operations.md#${alert.toLowerCase()}`);
  }
});

const promtool = findProgram('promtool');

test('promtool takes the rules and the example, and the rules pass their tests', {
  skip: promtool ? false : 'promtool is not installed (Debian: prometheus)',
}, () => {
  for (const command of ['check rules alerts.yml', 'check config prometheus.yml', 'test rules alerts.test.yml']) {
    const options = { cwd: join(folder, 'prometheus'), encoding: 'utf8' as const, timeout: 60_000 };
    assert.match(execFileSync(promtool ?? '', command.split(' '), options), /SUCCESS/);
  }
});

/** Does what moves each measure. */
async function live(stack: Stack): Promise<void> {
  const ada = await signUpWithFactor(stack);
  await logIn(stack, ada);
  const { username, password } = ada;
  const otp = wrongCode(stack, ada);
  expect(401, await stack.api('POST', '/login', { body: { username, password, otp } }));
  const eve = await signUp(stack.api, 'eve');
  const wrong = () =>
    stack.api('POST', '/login', { body: { username: eve.username, password: 'not the pass phrase' } });
  await until('the limit', async () => (await wrong()).status === 429);
}

/** Names of measures, and the labels that their series have, over all parts. */
async function scrape({ parts: { users, otps, gateways } }: Stack) {
  const declared = new Set<string>();
  const labels = new Map<string, Set<string>>();
  for (const part of [users, ...otps, ...gateways]) {
    const text = await (await fetch(`${part.opsUrl}/metrics`)).text();
    for (const [, name = ''] of text.matchAll(/^# TYPE (\S+)/gm)) declared.add(name);
    for (const [, series = '', selector = ''] of text.matchAll(/^([a-z]\w*)(?:\{(.*)\})? \S+$/gm)) {
      const name = declaredName(series, declared);
      const found = labels.get(name) ?? new Set();
      for (const [, label = ''] of selector.matchAll(/(\w+)="/g)) found.add(label);
      labels.set(name, found);
    }
  }
  return { declared, labels };
}
