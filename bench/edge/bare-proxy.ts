// http-proxy-middleware on the gateway's own express, with connections kept alive, and nothing else.
import { Agent } from 'node:http';
import { createRequire } from 'node:module';
import { createProxyMiddleware } from 'http-proxy-middleware';

const { PICTURE_URL, PEER_PORT } = process.env;
const express = createRequire(new URL('../../gateway/package.json', import.meta.url))('express');

const agent = new Agent({ keepAlive: true, maxSockets: 32 });
const app = express();
app.use(createProxyMiddleware({ target: PICTURE_URL ?? '', changeOrigin: true, agent }));
app.listen(Number(PEER_PORT), '127.0.0.1');
