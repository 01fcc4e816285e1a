import assert from 'node:assert/strict';
import { test } from 'node:test';
import { countedAddress } from './address.ts';

test('counts IPv4 as it is, and its IPv6-mapped form as the same', () => {
  assert.deepEqual(countedAddress('192.0.2.1'), { ip: '192.0.2.1', network: '192.0.2.1', site: undefined });
  for (const form of ['::ffff:192.0.2.1', '192.0.2.1:5678', '[::ffff:192.0.2.1]:80']) {
    assert.deepEqual(countedAddress(form), countedAddress('192.0.2.1'));
  }
});

test('counts IPv6 by its /64 and its /48', () => {
  const { network, site } = countedAddress('2001:db8:1:2:3:4:5:6');
  assert.deepEqual({ network, site }, { network: '2001:db8:1:2::/64', site: '2001:db8:1::/48' });
  assert.equal(countedAddress('2001:db8:1:2:ffff::1').network, network);
  assert.notEqual(countedAddress('2001:db8:1:3::1').network, network);
});

test('counts whatever is no address as one', () => {
  for (const text of [undefined, '', 'unix:', 'localhost', '1.2.3.4.5', 'x'.repeat(100_000)]) {
    assert.equal(countedAddress(text).network, 'unknown');
  }
});
