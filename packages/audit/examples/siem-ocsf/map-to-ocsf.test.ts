import assert from 'node:assert/strict';
import { test } from 'node:test';
import { eventTypeNames } from '@sallyport/audit';
import { createTestLog } from '../../consume/testing/test-log.ts';
import { mapToOcsf } from './map-to-ocsf.ts';

const eventOf = (type: string) => {
  const [event] = createTestLog().add(type);
  assert.ok(event);
  return event;
};

test('a failed login is a failed Authentication: Logon of OCSF 1.8', () => {
  const event = eventOf('sallyport.login.failed');
  event.data.reason = 'wrong-password';
  event.data.count = 3;
  const { metadata, user, src_endpoint, ...mapped } = mapToOcsf(event) ?? assert.fail();
  assert.equal(mapped.class_uid, 3002);
  assert.equal(mapped.category_uid, 3);
  assert.equal(mapped.activity_id, 1);
  assert.equal(mapped.type_uid, 300_201);
  assert.equal(mapped.status_id, 2);
  assert.equal(mapped.status_detail, 'wrong-password');
  assert.equal(mapped.count, 3);
  assert.equal(mapped.time, Date.parse(event.time));
  assert.deepEqual(user, { uid: event.subject, name: 'ada' });
  assert.deepEqual(src_endpoint, { ip: '192.0.2.7' });
  assert.equal(metadata.version, '1.8.0');
  assert.equal(metadata.uid, event.id);
});

test('changes of factors and locks are Account Change, by its numbers', () => {
  const expected = {
    'sallyport.user.signed_up': 300_101,
    'sallyport.password.changed': 300_103,
    'sallyport.user.locked': 300_109,
    'sallyport.otp.locked': 300_109,
    'sallyport.otp.enabled': 300_110,
    'sallyport.otp.disabled': 300_111,
    'sallyport.user.unlocked': 300_112,
    'sallyport.user.roles_changed': 300_199,
  };
  for (const [type, typeUid] of Object.entries(expected))
    assert.equal(mapToOcsf(eventOf(type))?.type_uid, typeUid, type);
  assert.equal(mapToOcsf(eventOf('sallyport.otp.locked'))?.status_id, 1);
});

test('every mapped type has what OCSF requires, also when the person was erased', () => {
  const mapped = eventTypeNames.flatMap((type) => {
    const event = eventOf(type);
    return mapToOcsf({ ...event, subject: undefined, data: { ...event.data, personal: null } }) ?? [];
  });
  assert.equal(mapped.length, 18);
  for (const one of mapped) {
    for (const name of ['activity_id', 'category_uid', 'class_uid', 'severity_id', 'time', 'type_uid'] as const) {
      assert.equal(typeof one[name], 'number', name);
    }
    assert.deepEqual(one.user, { name: 'unknown' });
    assert.ok(one.metadata.product.name);
    assert.ok(one.class_uid === 3001 || ('service' in one && one.service), 'one of service and dst_endpoint');
  }
});

test('what is neither an authentication nor a change of an account is left out', () => {
  assert.equal(mapToOcsf(eventOf('sallyport.audit.checkpoint')), undefined);
  assert.equal(mapToOcsf(eventOf('sallyport.ip.blocked')), undefined);
  assert.equal(mapToOcsf(eventOf('sallyport.invented.later')), undefined);
});
