// deploy/kubernetes held to the code: what the manifests set, ask and open is what the parts read, answer and need.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { chmodSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { readConfig } from '@sallyport/config';
import { parse } from 'yaml';
import { GatewayConfig } from '../gateway/config.ts';
import { buildKustomization, containersOf, type Manifest } from '../scripts/kubernetes/build-kustomization.ts';
import { OtpConfig } from '../services/otp/config.ts';
import { UsersConfig } from '../services/users/config.ts';
import { createEnvFile } from '../supervisor/create-env-file.ts';
import { repositoryFolder } from '../supervisor/repository-folder.ts';
import { parseEnvFile } from './support/compose/compose-file.ts';
import { readImage } from './support/compose/image.ts';

/** Read by Node.js and by glibc. */
const ofTheProcess = ['NODE_OPTIONS', 'MALLOC_ARENA_MAX', 'MALLOC_TRIM_THRESHOLD_'];

const root = join(repositoryFolder, 'deploy/kubernetes');
const overlays = readdirSync(join(root, 'overlays')).map((name) => `overlays/${name}`);
const schemas = { users: UsersConfig, otp: OtpConfig, gateway: GatewayConfig };
const names = Object.keys(schemas) as (keyof typeof schemas)[];
const variables = parseEnvFile(createEnvFile());
const stores = { DATABASE_URL: 'postgres://db/sallyport', REDIS_URL: 'rediss://redis:6379', AMQP_URL: 'amqps://mq' };

type Variable = { name: string; value?: string; valueFrom?: { secretKeyRef: { name: string; key: string } } };

for (const folder of ['base', ...overlays]) {
  const manifests = buildKustomization(join(root, folder));
  const find = (kind: string, name: string): Manifest => {
    const found = manifests.find((one) => one.kind === kind && one.metadata.name === name);
    assert.ok(found, `${kind} ${name}`);
    return found;
  };
  const containerOf = (name: string) => find('Deployment', name).spec.template.spec.containers[0];

  describe(`deploy/kubernetes/${folder}`, () => {
    for (const name of names) {
      test(`gives ${name} what it reads and needs, and no secret but its own`, () => {
        const container = containerOf(name);
        const environment: Variable[] = container.env;
        const settings = find('ConfigMap', name).data;
        assert.deepEqual(container.envFrom, [{ configMapRef: { name } }]);
        const secrets = environment.flatMap(({ name: variable, valueFrom }) => (valueFrom ? [variable] : []));
        for (const { name: variable, valueFrom } of environment.filter((entry) => entry.valueFrom))
          assert.deepEqual([valueFrom?.secretKeyRef.name, valueFrom?.secretKeyRef.key], [name, variable]);
        const isKnown = (variable: string) => variable in schemas[name].shape || ofTheProcess.includes(variable);
        for (const variable of [...Object.keys(settings), ...environment.map((entry) => entry.name)])
          assert.ok(isKnown(variable), variable);
        for (const variable of Object.keys(settings))
          assert.doesNotMatch(variable, /SECRETS|PASSWORD|KEYS|PEPPERS|_URL$(?<!PUBLIC_URL)/);
        const config = readConfig(schemas[name], {
          ...settings,
          ...Object.fromEntries(environment.flatMap((entry) => (entry.value ? [[entry.name, entry.value]] : []))),
          ...Object.fromEntries(secrets.map((variable) => [variable, secretsOf(name)[variable]])),
        });
        assert.equal(config.HOST, '0.0.0.0');
      });

      test(`asks ${name} at the ports and paths that it has, and leaves it time to stop`, () => {
        const { ports, env, lifecycle, ...probes } = containerOf(name);
        const value = (variable: string) => Number(env.find((one: Variable) => one.name === variable)?.value);
        assert.deepEqual(ports, [
          { name: 'http', containerPort: value(`${name.toUpperCase()}_PORT`) },
          { name: 'ops', containerPort: value('OPS_PORT') },
        ]);
        const { startupProbe, livenessProbe, readinessProbe } = probes;
        assert.deepEqual(
          [startupProbe, livenessProbe, readinessProbe].map(({ httpGet }) => httpGet),
          ['/livez', '/livez', '/readyz'].map((path) => ({ path, port: 'ops' })),
        );
        const ops = readFileSync(join(repositoryFolder, 'packages/http/ops-app.ts'), 'utf8');
        for (const path of ['/livez', '/readyz', '/metrics']) assert.ok(ops.includes(`app.get('${path}'`), path);
        const [program, seconds] = lifecycle.preStop.exec.command;
        assert.equal(program, 'sleep');
        // A part ends within ten seconds of its delay.
        const least = Number(seconds) + value('STOP_DELAY_SECONDS') + 10;
        assert.ok(find('Deployment', name).spec.template.spec.terminationGracePeriodSeconds >= least);
      });

      test(`replaces ${name} one by one and spreads it, with a place for the new one before the old one goes`, () => {
        const { strategy, replicas, selector, template } = find('Deployment', name).spec;
        assert.deepEqual(strategy.rollingUpdate, { maxUnavailable: 0, maxSurge: 1 });
        assert.equal(replicas, undefined, 'the autoscaler says how many');
        assert.deepEqual(selector, { matchLabels: { app: name } });
        assert.equal(template.metadata.labels.app, name);
        const spread = template.spec.topologySpreadConstraints;
        assert.deepEqual(
          spread.map(({ topologyKey }: { topologyKey: string }) => topologyKey),
          ['topology.kubernetes.io/zone', 'kubernetes.io/hostname'],
        );
        assert.deepEqual(find('PodDisruptionBudget', name).spec, { maxUnavailable: 1, selector });
        const { scaleTargetRef, minReplicas, maxReplicas } = find('HorizontalPodAutoscaler', name).spec;
        assert.deepEqual(scaleTargetRef, { apiVersion: 'apps/v1', kind: 'Deployment', name });
        assert.ok(minReplicas < maxReplicas);
      });

      test(`scales ${name} by what the parts measure and the adapter passes on`, () => {
        const { metrics } = find('HorizontalPodAutoscaler', name).spec;
        type Metric = { type: string; pods?: { metric: { name: string } }; resource?: { name: string } };
        const custom = (metrics as Metric[]).flatMap(({ pods }) => (pods ? [pods.metric.name] : []));
        assert.ok(custom.length > 0);
        for (const metric of custom) assert.ok(adapted.has(metric), metric);
        assert.ok((metrics as Metric[]).some(({ resource }) => resource?.name === 'cpu'));
      });
    }

    test('lets the parts start once the database is what they need', () => {
      for (const name of names) {
        const { initContainers } = find('Deployment', name).spec.template.spec;
        assert.deepEqual(
          initContainers.map(({ command }: { command: string[] }) => command),
          [['node', 'supervisor/migrate.ts', '--wait', name]],
        );
      }
      const { restartPolicy, containers } = find('Job', 'migrate').spec.template.spec;
      assert.equal(restartPolicy, 'Never');
      assert.deepEqual(containers[0].command, ['node', 'supervisor/migrate.ts']);
    });

    test('runs everything as somebody without rights, with nothing to write to, and with what it needs asked for', () => {
      assert.equal(readImage().user, 'node');
      const namespace = manifests.find(({ kind }) => kind === 'Namespace')?.metadata;
      assert.equal(namespace?.labels?.['pod-security.kubernetes.io/enforce'], 'restricted');
      const running = manifests.filter((manifest) => containersOf(manifest).length > 0);
      assert.equal(running.length, 4);
      for (const manifest of running) {
        const { automountServiceAccountToken, securityContext, hostNetwork, volumes } = manifest.spec.template.spec;
        assert.equal(automountServiceAccountToken, false);
        assert.deepEqual([hostNetwork, volumes], [undefined, undefined]);
        const { runAsNonRoot, runAsUser, seccompProfile } = securityContext;
        assert.deepEqual([runAsNonRoot, runAsUser > 0, seccompProfile], [true, true, { type: 'RuntimeDefault' }]);
        for (const { name, command, resources, securityContext: own, image } of containersOf(manifest)) {
          const { requests, limits } = resources;
          assert.ok(requests.cpu && requests.memory && limits.memory, name);
          assert.deepEqual(own, {
            allowPrivilegeEscalation: false,
            readOnlyRootFilesystem: true,
            capabilities: { drop: ['ALL'] },
          });
          assert.ok(existsSync(join(repositoryFolder, command[1])), command[1]);
          assert.match(image, folder === 'base' ? /^sallyport$/ : /sallyport:[\w.]+$/);
        }
      }
    });

    test('opens the ways that docs/operations.md names, and no other', () => {
      const policies = manifests.filter(({ kind }) => kind === 'NetworkPolicy');
      assert.deepEqual(find('NetworkPolicy', 'default-deny').spec, {
        podSelector: {},
        policyTypes: ['Ingress', 'Egress'],
      });
      const inward = (pod: string) => policies.flatMap((policy) => waysTo(policy, { app: pod }));
      const outward = (pod: string, labels: Record<string, string>) =>
        policies.flatMap((policy) => waysFrom(policy, { app: pod, ...labels }));
      const monitoring = 'namespace sallyport/monitoring: ops';
      assert.deepEqual(inward('users').sort(), ['app gateway: 8081', monitoring]);
      assert.deepEqual(inward('otp').sort(), ['app gateway: 8082', monitoring]);
      assert.deepEqual(inward('gateway').sort(), ['namespace sallyport/ingress: 8080', monitoring]);
      assert.deepEqual(inward('migrate'), []);
      const labels = (kind: string, name: string) => find(kind, name).spec.template.metadata.labels;
      const dns = 'namespace kubernetes.io/metadata.name: 53, 53';
      const store = { postgres: 'addresses: 5432', redis: 'addresses: 6379', rabbitmq: 'addresses: 5671, 5672' };
      assert.deepEqual(outward('migrate', labels('Job', 'migrate')), [dns, store.postgres]);
      assert.deepEqual(outward('users', labels('Deployment', 'users')), [dns, store.postgres]);
      assert.deepEqual(outward('otp', labels('Deployment', 'otp')), [dns, store.postgres, store.redis]);
      const calls = ['app users: 8081', 'app otp: 8082'];
      const all = [dns, ...calls, store.postgres, store.redis, store.rabbitmq];
      assert.deepEqual(outward('gateway', labels('Deployment', 'gateway')), all);
    });

    test('shows a Service for each part, by name and port what gateways call, and no ops port', () => {
      const services = manifests.filter(({ kind }) => kind === 'Service');
      const shown = services.map(({ metadata, spec }) => [metadata.name, spec.type, spec.clusterIP, spec.ports]);
      const http = (port: number) => [{ name: 'http', port, targetPort: 'http' }];
      assert.deepEqual(shown, [
        ['users', undefined, 'None', http(8081)],
        ['otp', undefined, 'None', http(8082)],
        ['gateway', undefined, undefined, http(80)],
      ]);
      const { env } = containerOf('gateway');
      const value = (variable: string) => env.find((one: Variable) => one.name === variable)?.value;
      assert.deepEqual([value('USERS_URL'), value('OTP_URL')], ['http://users:8081', 'http://otp:8082']);
    });
  });
}

test('create-secrets.sh gives each Secret what its part refers to, never by an argument', () => {
  const manifests = buildKustomization(join(root, 'base'));
  for (const manifest of manifests.filter((one) => containersOf(one).length > 0)) {
    const { name } = manifest.metadata;
    const wanted = containersOf(manifest).flatMap(({ env }) =>
      env.flatMap((entry: Variable) => entry.valueFrom?.secretKeyRef.key ?? []),
    );
    assert.deepEqual(Object.keys(secretsOf(name)).sort(), [...new Set(wanted)].sort(), name);
  }
});

/** What create-secrets.sh hands to kubectl for a Secret. */
function secretsOf(name: string): Record<string, string> {
  created ??= runCreateSecrets();
  const text = created[name];
  assert.ok(text, `there is no Secret ${name}`);
  return parseEnvFile(text);
}

let created: Record<string, string> | undefined;

function runCreateSecrets(): Record<string, string> {
  const folder = mkdtempSync(join(tmpdir(), 'sallyport-secrets-'));
  try {
    writeFileSync(
      join(folder, '.env'),
      Object.entries(variables)
        .map(([name, value]) => `${name}=${value}\n`)
        .join(''),
    );
    const kubectl = 'echo "$*" >>"$OUT/arguments"\n[ "$3" = create ] && cat >"$OUT/$6" || cat >/dev/null';
    writeFileSync(join(folder, 'kubectl'), `#!/bin/sh\n${kubectl}\n`);
    chmodSync(join(folder, 'kubectl'), 0o755);
    const admin = { ADMIN_USERNAME: 'root@example.com', ADMIN_PASSWORD: 'a long pass phrase of the admin' };
    const env = { PATH: `${folder}:${process.env.PATH}`, OUT: folder, ...stores, ...admin };
    const run = spawnSync(join(root, 'create-secrets.sh'), [join(folder, '.env')], { env, encoding: 'utf8' });
    assert.deepEqual([run.status, run.stderr], [0, '']);
    const told = readFileSync(join(folder, 'arguments'), 'utf8');
    for (const value of [...Object.values(variables), ...Object.values(stores), admin.ADMIN_PASSWORD])
      assert.ok(!told.includes(value));
    const files = ['migrate', ...names];
    return Object.fromEntries(files.map((file) => [file, readFileSync(join(folder, file), 'utf8')]));
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** What the adapter makes, each out of a series that a part has. */
const adapted = (() => {
  const { rules } = parse(readFileSync(join(root, 'monitoring/prometheus-adapter.yaml'), 'utf8'));
  const documented = readFileSync(join(repositoryFolder, 'docs/operations.md'), 'utf8');
  type Rule = { seriesQuery: string; name?: { matches: string; as: string } };
  return new Set(
    (rules.custom as Rule[]).map(({ seriesQuery, name }) => {
      const series = seriesQuery.split('{')[0] ?? '';
      // docs.test.ts holds this table to the metrics of the code.
      assert.ok(documented.includes(`| \`${series.replace(/_(sum|count)$/, '')}\``), series);
      return name ? series.replace(new RegExp(name.matches), name.as.replaceAll(/\$\{(\d)\}/g, '$$$1')) : series;
    }),
  );
})();

type Selector = { matchLabels?: Record<string, string>; matchExpressions?: { key: string; values: string[] }[] };
type Peer = { podSelector?: Selector; namespaceSelector?: Selector; ipBlock?: { cidr: string } };
type Rule = { from?: Peer[]; to?: Peer[]; ports: { port: number | string }[] };

function waysTo({ spec }: Manifest, labels: Record<string, string>): string[] {
  return selects(spec.podSelector, labels)
    ? (spec.ingress ?? []).flatMap(({ from, ports }: Rule) => describeWays(from, ports))
    : [];
}

function waysFrom({ spec }: Manifest, labels: Record<string, string>): string[] {
  return selects(spec.podSelector, labels)
    ? (spec.egress ?? []).flatMap(({ to, ports }: Rule) => describeWays(to, ports))
    : [];
}

/** A rule without a peer lets everybody in. */
function describeWays(peers: Peer[] | undefined, ports: Rule['ports']): string[] {
  assert.ok(peers && peers.length > 0 && ports.length > 0);
  return peers.map((peer) => `${describePeer(peer)}: ${ports.map(({ port }) => port).join(', ')}`);
}

function describePeer({ podSelector, namespaceSelector, ipBlock }: Peer): string {
  if (ipBlock) {
    assert.notEqual(ipBlock.cidr, '0.0.0.0/0');
    return 'addresses';
  }
  const [kind, selector] = podSelector ? ['app', podSelector] : ['namespace', namespaceSelector];
  const [entry, ...more] = Object.entries(selector?.matchLabels ?? {});
  assert.ok(entry && more.length === 0);
  return kind === 'app' ? `app ${entry[1]}` : `namespace ${entry[0]}`;
}

function selects({ matchLabels = {}, matchExpressions = [] }: Selector, labels: Record<string, string>): boolean {
  return (
    Object.entries(matchLabels).every(([name, value]) => labels[name] === value) &&
    matchExpressions.every(({ key, values }) => values.includes(labels[key] ?? ''))
  );
}
