import assert from 'node:assert/strict';
import { test } from 'node:test';
import { z } from 'zod';
import { readConfig } from './read-config.ts';
import { tracingVariables } from './tracing-variables.ts';

const read = (env: Record<string, string>) => readConfig(z.object(tracingVariables), env);

test('reads headers and attributes as OpenTelemetry writes them', () => {
  const { OTEL_EXPORTER_OTLP_HEADERS, OTEL_RESOURCE_ATTRIBUTES, OTEL_TRACES_SAMPLER_ARG } = read({
    OTEL_EXPORTER_OTLP_HEADERS: 'authorization=Basic%20abc==, x-tenant = one',
    OTEL_RESOURCE_ATTRIBUTES: 'deployment.environment.name=production,',
    OTEL_TRACES_SAMPLER_ARG: '0.25',
  });
  assert.deepEqual(OTEL_EXPORTER_OTLP_HEADERS, { authorization: 'Basic abc==', 'x-tenant': 'one' });
  assert.deepEqual(OTEL_RESOURCE_ATTRIBUTES, { 'deployment.environment.name': 'production' });
  assert.equal(OTEL_TRACES_SAMPLER_ARG, 0.25);
});

test('names every variable that is wrong, and repeats no value', () => {
  const env = {
    OTEL_EXPORTER_OTLP_ENDPOINT: 'collector:4318',
    OTEL_EXPORTER_OTLP_HEADERS: 'canary',
    OTEL_TRACES_SAMPLER: 'sometimes',
    OTEL_TRACES_SAMPLER_ARG: '2',
    OTEL_RESOURCE_ATTRIBUTES: 'a=%zz',
  };
  assert.throws(
    () => read(env),
    ({ message }: Error) =>
      Object.keys(env).every((name) => message.includes(`${name}: `)) && !/canary|collector/.test(message),
  );
});
