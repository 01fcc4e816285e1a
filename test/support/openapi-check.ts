import assert from 'node:assert/strict';
import { Ajv2020 } from 'ajv/dist/2020.js';
import addFormats from 'ajv-formats';
import { createOpenApi } from '../../gateway/openapi/create-openapi.ts';
import { routes } from '../../gateway/routes/index.ts';
import type { Answered } from './api.ts';

/*
 * Holds every answer that the suite ever sees to the OpenAPI document: the status must be named for the operation,
 * and the body must fit the schema. 404 and 405 belong to no operation and must be problems.
 */

interface Operation {
  responses: Record<string, { content?: Record<string, { schema?: object }> }>;
}

const document = JSON.parse(JSON.stringify(createOpenApi(routes, 'https://login.example.com')));
const ajv = new Ajv2020({ strict: false, allErrors: true });
(addFormats as unknown as (ajv: Ajv2020) => void)(ajv);
ajv.addSchema(document, 'openapi');

const patterns = Object.keys(document.paths).map((path) => ({
  path,
  form: new RegExp(`^${path.replace(/\{\w+\}/g, '[^/]+')}${path === '/verify' ? '(/.*)?' : ''}$`),
}));

export function checkAnswer(method: string, url: string, answered: Answered): void {
  const path = patterns.find(({ form }) => form.test(url.split('?')[0] ?? ''))?.path;
  const known = path === undefined ? undefined : document.paths[path];
  const verb = path === '/verify' ? 'get' : method.toLowerCase();
  const operation: Operation | undefined = known?.[verb];
  if (operation === undefined) {
    if (!/^\/(docs|(open|async)api\.json)/.test(url))
      assert.match(String(answered.status), /^40[0145]$/, `${method} ${url}`);
    return;
  }
  const where = `${method} ${url} answered ${answered.status}`;
  const spec = operation.responses[String(answered.status)];
  assert.ok(spec, `${where}, which the OpenAPI document doesn't name: ${answered.text.slice(0, 300)}`);
  if (spec.content === undefined) {
    assert.equal(answered.text, '', `${where} with a body`);
    return;
  }
  const type = (answered.headers.get('content-type') ?? '').split(';')[0] ?? '';
  const content = spec.content[type];
  assert.ok(content || answered.text === '', `${where} as ${type}`);
  if (content?.schema) assertFits(content.schema, answered.body, where);
}

const validators = new Map<object, ReturnType<Ajv2020['compile']>>();

function assertFits(schema: object, body: unknown, where: string): void {
  let validator = validators.get(schema);
  if (validator === undefined) {
    const text = JSON.stringify(schema).replaceAll('"#/components', '"openapi#/components');
    validator = ajv.compile(JSON.parse(text));
    validators.set(schema, validator);
  }
  assert.ok(validator(body), `${where}: ${ajv.errorsText(validator.errors)}`);
}
