import assert from 'node:assert/strict';
import { test } from 'node:test';
import { turnOf } from './turn-of.ts';

test('an IPv6 /48 has one turn, and each IPv4 address its own', () => {
  for (const ip of ['2001:db8::1', '2001:db8:0:1::1', '2001:db8:0:1:2:3:4:5', '2001:db8::']) {
    assert.equal(turnOf({ ip }), '2001:db8:0');
  }
  assert.equal(turnOf({ ip: '2001:db8:1:2::3' }), '2001:db8:1');
  assert.equal(turnOf({ ip: '192.0.2.1' }), '192.0.2.1');
  assert.equal(turnOf({ ip: null }), 'nobody');
});
