import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { overlap, parseNetwork } from './network.ts';

const cidrOf = (text: string) => parseNetwork(text)?.cidr;
const overlaps = (one: string, other: string) => {
  const [first, second] = [parseNetwork(one), parseNetwork(other)];
  assert.ok(first && second);
  assert.equal(overlap(first, second), overlap(second, first));
  return overlap(first, second);
};

test('an address is a network of its own, host bits are dropped, IPv4-mapped forms are IPv4', () => {
  const forms = {
    '192.0.2.1': '192.0.2.1/32',
    '192.0.2.77/24': '192.0.2.0/24',
    '192.0.2.255/31': '192.0.2.254/31',
    '0.0.0.0/0': '0.0.0.0/0',
    '2001:DB8::1': '2001:db8::1/128',
    '2001:db8:1:2:3::/64': '2001:db8:1:2::/64',
    '2001:db8:1:2:8000::/65': '2001:db8:1:2:8000::/65',
    '::ffff:192.0.2.1': '192.0.2.1/32',
    '::ffff:c000:201/120': '192.0.2.0/24',
  };
  for (const [text, cidr] of Object.entries(forms)) assert.equal(cidrOf(text), cidr, text);
});

test('what is neither address nor CIDR is no network', () => {
  const none = [
    '',
    '/',
    '/8',
    '1',
    '1.2.3',
    '010.0.0.1',
    '0x7f.0.0.1',
    '1.2.3.4/33',
    '1.2.3.4/-1',
    '1.2.3.4/',
    '1.2.3.4/8/8',
  ];
  const none6 = ['::/129', 'fe80::1%eth0', ':::', '::ffff:192.0.2.1/95', '[::1]', 'localhost', ' 1.2.3.4', '1.2.3.4\n'];
  for (const text of [...none, ...none6]) assert.equal(cidrOf(text), undefined, JSON.stringify(text));
});

test('networks overlap where one lies in the other, and never across families', () => {
  assert.ok(overlaps('192.0.2.0/24', '192.0.2.9'));
  assert.ok(overlaps('::ffff:192.0.2.9', '192.0.0.0/8'));
  assert.ok(!overlaps('192.0.2.0/25', '192.0.2.128'));
  assert.ok(overlaps('2001:db8::/32', '2001:db8:ffff::1'));
  assert.ok(!overlaps('2001:db8::/33', '2001:db8:8000::1'));
  assert.ok(!overlaps('0.0.0.0/0', '::/16'));
});

test('a network holds the address it was made of, and reads back as itself', () => {
  const v4 = fc.tuple(fc.ipV4(), fc.integer({ min: 0, max: 32 }));
  const v6 = fc.tuple(fc.ipV6(), fc.integer({ min: mappedFrom, max: 128 }));
  fc.assert(
    fc.property(fc.oneof(v4, v6), ([address, bits]) => {
      const network = parseNetwork(`${address}/${bits}`);
      assert.ok(network);
      assert.ok(overlaps(network.cidr, address));
      assert.equal(cidrOf(network.cidr), network.cidr);
    }),
  );
});

/** Below it a mapped address is none. */
const mappedFrom = 96;
