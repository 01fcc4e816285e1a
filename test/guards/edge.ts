import type { Guard } from './guard.ts';

const body = 'packages/http/json-body.ts';
const bodyTest = 'packages/http/json-body.test.ts';
const edgeTest = 'test/edge.test.ts';

/** The edge, readiness and stopping (promises 5 and 9). */
export const edge: Guard[] = [
  {
    name: 'no key twice',
    file: 'packages/http/strict-json.ts',
    find: 'repeats || held !== keys.length ?',
    replace: 'Number.isNaN(held) ?',
    test: { file: 'packages/http/strict-json.test.ts', name: 'refuses a key twice, however it is escaped' },
  },
  {
    name: 'no deep nesting',
    file: 'packages/http/strict-json.ts',
    find: 'if (maxDepth === 0) return Number.NaN;',
    replace: '',
    test: { file: 'packages/http/strict-json.test.ts', name: 'refuses what nests deeper than it may' },
  },
  {
    name: 'no body over 16 KiB',
    file: body,
    find: 'if (length <= limitBytes)',
    replace: 'if (length <= 1_000 * limitBytes)',
    test: { file: bodyTest, name: 'refuses more than 16 KiB, announced or not' },
  },
  {
    name: 'no body but JSON',
    file: body,
    find: "!mediaType.test(req.headers['content-type'] ?? '') ||",
    replace: '',
    test: { file: bodyTest, name: 'refuses every media type but JSON in UTF-8' },
  },
  {
    name: 'a body is an object',
    file: body,
    find: '|| Array.isArray(value)',
    replace: '',
    test: { file: bodyTest, name: 'refuses what is no JSON object' },
  },
  {
    name: 'no lone surrogate',
    file: 'packages/http/validate.ts',
    find: 'faults.push(...findUnwellFormed(value)',
    replace: "faults.push(...findUnwellFormed('')",
    test: { file: bodyTest, name: 'refuses bytes that are no UTF-8, and strings that are no Unicode' },
  },
  {
    name: 'a strict content security policy',
    file: 'gateway/edge/security-headers.ts',
    find: `defaultSrc: ["'none'"]`,
    replace: `defaultSrc: ["'self'"]`,
    test: { file: edgeTest, name: 'sends strict headers, no banner and no CORS' },
  },
  {
    name: 'personal answers are kept by nobody',
    file: 'gateway/edge/pipeline.ts',
    find: "...(route.tag === 'public' ? [] : [privately]),",
    replace: '',
    test: { file: edgeTest, name: 'keeps a request id that is one, replaces any other, and marks personal answers' },
  },
  {
    name: 'a request id is harmless',
    file: 'packages/http/new-app.ts',
    find: "typeof given === 'string' && /^[A-Za-z0-9._-]{1,64}$/.test(given)",
    replace: "typeof given === 'string'",
    test: { file: edgeTest, name: 'keeps a request id that is one, replaces any other, and marks personal answers' },
  },
  {
    name: 'pages of other origins can not call',
    file: 'gateway/edge/allow-origins.ts',
    find: 'origin: [...origins],',
    replace: 'origin: true,',
    test: {
      file: 'gateway/edge/allow-origins.test.ts',
      name: 'lets no other origin call, and none where none is listed',
    },
  },
  {
    name: 'one spelling of a path',
    file: 'packages/http/new-app.ts',
    find: "app.enable('case sensitive routing').enable('strict routing');",
    replace: '',
    test: { file: edgeTest, name: 'answers unknown paths with 404 and unknown methods with 405 and Allow' },
  },
  {
    name: 'an unknown method is not an unknown path',
    file: 'packages/http/route.ts',
    find: 'app.all(path, (_req, res) =>',
    replace: 'app.all(`${path}/405`, (_req, res) =>',
    test: { file: edgeTest, name: 'answers unknown paths with 404 and unknown methods with 405 and Allow' },
  },
  {
    name: 'a part that stops is not ready',
    file: 'packages/http/ops-app.ts',
    find: 'options.ready() && required',
    replace: 'required',
    test: {
      file: 'test/stopping.test.ts',
      name: 'a request in flight is answered, and meanwhile the part is not ready',
    },
  },
  {
    name: 'a part that needs somebody who is away is not ready',
    file: 'packages/http/ops-app.ts',
    find: "!entry.required || states[at] === 'up'",
    replace: 'states[at] !== undefined',
    test: { file: 'test/stopping.test.ts', name: 'a gateway names the service that is away, and is ready again' },
  },
  {
    name: 'what has begun is answered before a part ends',
    file: 'packages/http/serve-part.ts',
    find: 'await drain(server, dismiss);',
    replace: 'server.close();\n      server.closeAllConnections();',
    test: {
      file: 'test/stopping.test.ts',
      name: 'a request in flight is answered, and meanwhile the part is not ready',
    },
  },
  {
    name: 'a stop takes the connections that wait to be accepted',
    file: 'packages/http/serve-part.ts',
    find: 'await acceptWaiting(server);',
    replace: 'void acceptWaiting(server);',
    test: {
      file: 'packages/http/serve-part.test.ts',
      name: 'a stop answers requests on connections that were not accepted yet',
    },
  },
  {
    name: 'a stop reads what arrived before it closes idle connections',
    file: 'packages/http/serve-part.ts',
    find: 'await afterReading();\n    server.closeIdleConnections();',
    replace: 'server.closeIdleConnections();',
    test: {
      file: 'packages/http/serve-part.test.ts',
      name: 'a stop answers requests on kept connections that came while the process was busy',
    },
  },
  {
    name: 'an answer that has arrived is read before it is given up',
    file: 'packages/http/exchange.ts',
    find: 'lastChance = setImmediate(giveUp);',
    replace: 'giveUp();',
    test: {
      file: 'packages/http/exchange.test.ts',
      name: 'takes an answer that arrived while the process was busy for longer than the deadline',
    },
  },
  {
    name: 'a service that never answers is given up',
    file: 'packages/http/exchange.ts',
    find: 'controller?.abort(late);\n    reject(late);',
    replace: '',
    test: {
      file: 'packages/http/exchange.test.ts',
      name: 'gives an answer up that never comes, or never ends, and the connection with it',
    },
  },
  {
    name: 'a call is sent again only where nobody has seen it',
    file: 'packages/http/send-once.ts',
    find: 'if (!isUnsent(error) || performance.now() >= end) throw error;',
    replace: 'if (performance.now() >= end) throw error;',
    test: {
      file: 'packages/http/endpoints.test.ts',
      name: 'sends nothing twice: a connection that breaks once it was made is the end of its call',
    },
  },
  {
    name: 'an instance that says it stops is left',
    file: 'packages/http/send-once.ts',
    find: "answered.headers.connection === 'close' ? performance.now() : undefined",
    replace: 'undefined',
    test: { file: 'packages/http/endpoints.test.ts', name: 'leaves an instance that says it is stopping' },
  },
  {
    name: 'a gateway ends a kept connection before the service does',
    file: 'packages/http/endpoints.ts',
    find: 'keepAliveMaxTimeout: idleMs,',
    replace: 'keepAliveMaxTimeout: 60_000,',
    test: { file: 'packages/http/endpoints.test.ts', name: 'ends a kept connection before a service that stops would' },
  },
  {
    name: 'a part that stops goes on for its delay',
    file: 'packages/http/serve-part.ts',
    find: 'await sleep(options.stopDelayMs);',
    replace: '',
    test: { file: 'packages/http/serve-part.test.ts', name: 'takes what comes until its delay is over' },
  },
  {
    name: 'no version runs on a schema from which a newer one took something',
    file: 'packages/postgres/migrate.ts',
    find: "newer.find((name) => name.endsWith('.contract.sql'))",
    replace: 'undefined',
    test: { file: 'packages/postgres/migrate.test.ts', name: 'and not where it took something away' },
  },
];
