import assert from 'node:assert/strict';
import { test } from 'node:test';
import { eventTypeNames, hashEvent, hashPersonal, noHash } from '@sallyport/audit/log';
import { Ajv2020 } from 'ajv/dist/2020.js';
import addFormats from 'ajv-formats';
import { createAsyncApi } from './create-asyncapi.ts';
import { createExamples } from './create-examples.ts';

test('is the same at every call', () => {
  assert.equal(JSON.stringify(createAsyncApi()), JSON.stringify(createAsyncApi()));
});

test('has every type, with an example that its schema takes and a routing key that is the type', () => {
  const { components, channels } = createAsyncApi() as ReturnType<typeof JSON.parse>;
  const ajv = addFormats.default(new Ajv2020({ strict: false }));
  const names = eventTypeNames.map((type) => type.replace('sallyport.', ''));
  assert.deepEqual(Object.keys(components.messages), names);
  assert.deepEqual(channels.audit.parameters.type.enum, eventTypeNames);
  for (const [name, { payload, examples }] of Object.entries<ReturnType<typeof JSON.parse>>(components.messages)) {
    const validate = ajv.compile(payload);
    assert.ok(validate(examples[0].payload), `${name}: ${ajv.errorsText(validate.errors)}`);
    assert.equal(validate({ ...examples[0].payload, type: 'sallyport.other' }), false, name);
  }
});

test('the examples are a log: numbered, chained, and bound to their personal data', () => {
  let before = noHash;
  const events = [...createExamples().values()].map((text) => JSON.parse(text));
  assert.equal(events.length, eventTypeNames.length);
  for (const [at, event] of events.entries()) {
    assert.deepEqual([event.sequence, event.prevhash], [String(at + 1), before]);
    assert.equal(event.hash, hashEvent(event));
    if (event.data.personal) assert.equal(event.data.personal_hash, hashPersonal(event.data.personal));
    before = event.hash;
  }
});
