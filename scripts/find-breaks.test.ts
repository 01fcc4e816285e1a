import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createAsyncApi } from '../gateway/asyncapi/create-asyncapi.ts';
import { findBreaks } from './find-breaks.ts';

type Any = ReturnType<typeof JSON.parse>;
const committed: Any = JSON.parse(JSON.stringify(createAsyncApi()));
const after = (change: (document: Any) => unknown): Any => {
  const document = structuredClone(committed);
  change(document);
  return document;
};
const messages = (document: Any) => document.components.messages;
const failed = (document: Any) => messages(document)['login.failed'].payload;
const data = (document: Any) => failed(document).properties.data;

test('a document breaks nothing for consumers of itself', () => {
  assert.deepEqual(
    findBreaks(
      committed,
      after(() => {}),
    ),
    [],
  );
});

test('what may be added or said otherwise breaks nothing', () => {
  const allowed: Record<string, (document: Any) => unknown> = {
    'a new type': (d) => (messages(d)['login.delayed'] = messages(d)['login.failed']),
    'another description': (d) => (data(d).properties.reason.description = 'wrong-password, and more'),
    'a new member': (d) => (data(d).properties.country = { type: ['string', 'null'] }),
    'a new required member': (d) => {
      data(d).properties.country = { type: 'string' };
      data(d).required.push('country');
    },
    'a member that is always there now': (d) => failed(d).required.push('subject'),
    'a member that is null no more': (d) => (data(d).properties.reason.type = 'string'),
    'a narrower pattern where there was none': (d) => (data(d).properties.reason.pattern = '^[a-z-]+$'),
    'one outcome of two': (d) => {
      messages(d)['otp.reset'].payload.properties.data.properties.outcome = { type: 'string', const: 'success' };
    },
    'other examples': (d) => (messages(d)['login.failed'].examples = []),
  };
  for (const [what, change] of Object.entries(allowed))
    assert.deepEqual(findBreaks(committed, after(change)), [], what);
});

test('each kind of break is found, and its place named', () => {
  const breaking: Record<string, [(document: Any) => unknown, RegExp]> = {
    'a type is gone': [(d) => delete messages(d)['login.failed'], /^login\.failed is gone/],
    'a member is gone': [(d) => delete data(d).properties.count, /login\.failed\.data\.count is gone/],
    'a member may be missing': [
      (d) => (data(d).required = data(d).required.filter((name: string) => name !== 'count')),
      /data\.count may be missing/,
    ],
    'a member gets another type': [
      (d) => (data(d).properties.client = { type: 'number' }),
      /client is of another type/,
    ],
    'a member may be null': [(d) => (failed(d).properties.id.type = ['string', 'null']), /id is of another type/],
    'an enum is widened': [
      (d) => messages(d)['otp.reset'].payload.properties.data.properties.outcome.enum.push('pending'),
      /outcome takes other values/,
    ],
    'a constant changes': [(d) => (failed(d).properties.specversion.const = '2.0'), /specversion takes other values/],
    'a constant is one no more': [(d) => delete failed(d).properties.type.const, /type takes other values/],
    'a pattern changes': [(d) => (failed(d).properties.hash.pattern = '^[0-9a-f]{128}$'), /hash has another pattern/],
    'items change': [(d) => (data(d).properties.amr.anyOf[0].items = { type: 'object' }), /amr/],
    'a closed object opens': [
      (d) => (data(d).properties.personal.anyOf[0].additionalProperties = {}),
      /personal takes more members/,
    ],
    'a closed object gets a member': [
      (d) => (data(d).properties.personal.anyOf[0].properties.phone = { type: 'string' }),
      /phone is new/,
    ],
    'another exchange': [(d) => (d.channels.audit.bindings.amqp.exchange.name = 'audit'), /channel audit is another/],
    'another routing key': [(d) => (d.channels.audit.address = 'audit.{type}'), /channel audit is another/],
    'another content type': [(d) => (messages(d)['login.failed'].contentType = 'application/json'), /content type/],
    'another keyword': [(d) => (failed(d).properties.id.format = 'uri'), /id has another format/],
  };
  for (const [what, [change, names]] of Object.entries(breaking)) {
    assert.match(findBreaks(committed, after(change)).join('\n'), names, what);
  }
});
