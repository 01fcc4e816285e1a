import assert from 'node:assert/strict';
import { EventEmitter, once } from 'node:events';
import { test } from 'node:test';
import { enterRequest, outsideRequests, requestFields, withinRequest } from './request-scope.ts';

test('what a request begins belongs to it, however deep and late', async () => {
  const found = await Promise.all(
    ['one', 'two'].map((id) =>
      enterRequest(id, async () => {
        await new Promise((resolve) => setImmediate(resolve));
        return requestFields();
      }),
    ),
  );
  assert.deepEqual(found, [{ request_id: 'one' }, { request_id: 'two' }]);
  assert.deepEqual(requestFields(), {});
});

test('a callback is kept in its request, whoever calls it; what is done for many leaves it', async () => {
  const emitter = new EventEmitter();
  const told: object[] = [];
  enterRequest('one', () => {
    emitter.on(
      'told',
      withinRequest(() => told.push(requestFields())),
    );
    outsideRequests(() => told.push(requestFields()));
  });
  const heard = once(emitter, 'told');
  enterRequest('two', () => emitter.emit('told'));
  await heard;
  assert.deepEqual(told, [{}, { request_id: 'one' }]);
});
