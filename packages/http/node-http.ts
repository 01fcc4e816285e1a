/**
 * Node's http, taken without an `import`: that reads every export once, WebSocket among them, and so loads Node's own
 * fetch, which no part uses, 6 MB in each process.
 */
export const nodeHttp = process.getBuiltinModule('node:http');
