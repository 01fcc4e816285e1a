// express and http-proxy-middleware of the gateway's own versions, with connections kept alive, and nothing else.
import { Agent } from 'node:http';
import { createRequire } from 'node:module';

const { PICTURE_URL, PEER_PORT } = process.env;
const load = createRequire(new URL('../../gateway/package.json', import.meta.url));
const express = load('express');
const { createProxyMiddleware } = load('http-proxy-middleware');

const agent = new Agent({ keepAlive: true, maxSockets: 32 });
const app = express();
app.use(createProxyMiddleware({ target: PICTURE_URL, changeOrigin: true, agent }));
app.listen(Number(PEER_PORT), '127.0.0.1');
