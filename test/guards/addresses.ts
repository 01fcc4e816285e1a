import type { Guard } from './guard.ts';

const passwords = 'test/guessing-passwords.test.ts';
const blocksTest = 'test/address-blocks.test.ts';
const orders = 'gateway/domain/block-address.ts';
const known = 'gateway/store/blocked-addresses.ts';
const knownTest = 'gateway/store/blocked-addresses.test.ts';
const noMistake = { file: blocksTest, name: 'nobody shuts himself, the proxies or half the world out by mistake' };
const everyWay = { file: blocksTest, name: 'a blocked address gets 404 and 405 where anybody does' };
const atItsLimit = { file: blocksTest, name: 'an address at its limit is told once by all gateways' };

/** Which address counts, and blocks of addresses (promises 4, 5 and 9). */
export const addresses: Guard[] = [
  {
    name: 'nobody blocks his own address',
    file: orders,
    find: "if (request.ip !== null && holds(request.ip)) return 'own-address';",
    replace: '',
    test: noMistake,
  },
  {
    name: 'nobody blocks a trusted proxy',
    file: orders,
    find: 'config.TRUSTED_PROXIES.some(holds)',
    replace: 'config.TRUSTED_PROXIES.some(() => false)',
    test: noMistake,
  },
  {
    name: 'no block is wider than it may be',
    file: orders,
    find: "if (network.bits < (fewestBits[network.address.length] ?? 0)) return 'too-wide';",
    replace: '',
    test: noMistake,
  },
  {
    name: 'a route refuses blocked addresses',
    file: 'gateway/edge/pipeline.ts',
    find: '...(route.evenBlocked ? [] : [refuseBlocked(context, route.guesses !== undefined)]),',
    replace: '',
    test: everyWay,
  },
  {
    name: 'forward authentication and the documents refuse blocked addresses',
    file: 'gateway/app.ts',
    find: 'const guards = [identify, refuseBlocked(context)];',
    replace: 'const guards = [identify];',
    test: everyWay,
  },
  {
    name: 'every gateway reads what another was told to block',
    file: known,
    find: 'if (waiting === 0) refresh()',
    replace: 'if (waiting < 0) refresh()',
    test: { file: blocksTest, name: 'while PostgreSQL is away the blocks known last stand' },
  },
  {
    name: 'a block ends by itself',
    file: known,
    find: 'ms_left === null ?',
    replace: 'ms_left !== 0 ?',
    test: { file: knownTest, name: 'a block ends by itself while PostgreSQL is away' },
  },
  {
    name: 'no older list of blocks comes last',
    file: known,
    find: 'last.catch(() => {}).then(read)',
    replace: 'read()',
    test: { file: knownTest, name: 'an answer that comes late is not the last word' },
  },
  {
    name: 'what a limit blocked is 429 and no more',
    file: 'gateway/store/ip-blocks.ts',
    find: 'where created_by is not null and ${live}',
    replace: 'where ${live}',
    test: atItsLimit,
  },
  {
    name: 'lifting what a limit blocked ends the limit',
    file: orders,
    find: 'if (block.created_by === null) await',
    replace: 'if (block.created_by === undefined) await',
    test: atItsLimit,
  },
  {
    name: 'one failure reaches the limit',
    file: 'gateway/store/guess-limit.ts',
    find: 'const reached = state.consumedPoints === limit;',
    replace: 'const reached = state.consumedPoints >= limit - 1;',
    test: atItsLimit,
  },
  {
    name: 'what was blocked stands where it can be erased',
    file: orders,
    find: 'new EventLog(context, { ...request, ip: cidr })',
    replace: 'new EventLog(context, request)',
    test: { file: blocksTest, name: 'blocking and lifting leave one event each' },
  },
  {
    name: 'proxies are those that are listed',
    file: 'gateway/app.ts',
    find: 'trustedProxies: config.TRUSTED_PROXIES,',
    replace: "trustedProxies: ['0.0.0.0/0'],",
    test: { file: 'test/client-addresses.test.ts', name: 'without a trusted proxy the peer counts, whatever it says' },
  },
  {
    name: 'IPv4 in the form of IPv6 is IPv4',
    file: 'gateway/edge/address.ts',
    find: 'ipaddr.process(text)',
    replace: 'ipaddr.parse(text)',
    test: { file: 'test/client-addresses.test.ts', name: 'every form of an address, and all of a /64' },
  },
  {
    name: 'a 429 says which limit it is',
    file: 'gateway/refusals.ts',
    find: '"${limit}";r=0;t=',
    replace: '"limit";r=0;t=',
    test: { file: 'test/rate-limit-fields.test.ts', name: 'names the limit of an account and address' },
  },
  {
    name: 'an error of the raw server is a problem',
    file: 'packages/http/refuse-garbage.ts',
    find: "'Content-Type: application/problem+json',",
    replace: '',
    test: { file: 'packages/http/refuse-garbage.test.ts', name: 'what is no HTTP gets a problem' },
  },
  {
    name: 'signups of an address are counted before the name is looked at',
    file: 'gateway/domain/sign-up.ts',
    find: 'await countSignup(context, asker);',
    replace: 'await Promise.resolve<number | undefined>(countSignup === undefined ? 1 : undefined);',
    test: { file: passwords, name: 'counts signups of an address before it looks at the name' },
  },
  {
    name: 'signups of a /48 are counted',
    file: 'gateway/domain/sign-up.ts',
    find: 'own === undefined && site !== undefined ?',
    replace: 'own !== undefined && site !== undefined ?',
    test: { file: passwords, name: 'counts signups of an IPv6 address by its /64, and by its /48 at ten times' },
  },
  {
    name: 'an IPv6 address counts with its /64',
    file: 'gateway/edge/address.ts',
    find: 'network: prefix(address, 64)',
    replace: 'network: address.toString()',
    test: { file: 'gateway/edge/address.test.ts', name: 'counts IPv6 by its /64 and its /48' },
  },
  {
    name: 'an IPv4-mapped address is the IPv4 one',
    file: 'gateway/edge/address.ts',
    find: 'ipaddr.process(text)',
    replace: 'ipaddr.parse(text)',
    test: { file: 'gateway/edge/address.test.ts', name: 'counts IPv4 as it is, and its IPv6-mapped form as the same' },
  },
  {
    name: 'a limited address is told so before anything else that it sends is judged',
    file: 'gateway/edge/pipeline.ts',
    find: "return retryAfterSeconds > 0 ? { limit: signups > failures ? 'signup' : 'address', retryAfterSeconds } : undefined;",
    replace: 'return undefined;',
    test: { file: 'test/devices.test.ts', name: 'a limited address is told so first, whatever it sends' },
  },
  {
    name: 'nobody but a trusted proxy says where a call comes from',
    file: 'packages/http/new-app.ts',
    find: 'options.trustedProxies ?? false',
    replace: 'true',
    test: { file: passwords, name: 'believes X-Forwarded-For from nobody but a trusted proxy (CVE-2024-47070)' },
  },
  {
    name: 'an invented device is no way past the limit of an address',
    file: 'gateway/edge/pipeline.ts',
    find: 'await recogniseDevice(context, deviceTokenOf(context.publicUrl, req))',
    replace: 'deviceTokenOf(context.publicUrl, req)',
    test: { file: 'test/devices.test.ts', name: 'a limited address is told so first, whatever it sends' },
  },
  {
    name: 'a limited address hears nothing of what is wrong with a refresh',
    file: 'gateway/edge/pipeline.ts',
    find: 'if (limit && !known) await turnAway(context, res.locals.caller, limit);',
    replace: '',
    test: { file: 'test/devices.test.ts', name: 'a limited address is told so first, whatever it sends' },
  },
  {
    name: 'a limited address is told so before its challenge is looked at',
    file: 'gateway/domain/answer-challenge.ts',
    find: "if (refused) return refused;\n    if (taken.state === 'unknown')",
    replace: "if (taken.state === 'unknown')",
    test: { file: 'test/devices.test.ts', name: 'of invented challenges at once an address hears' },
  },
];
