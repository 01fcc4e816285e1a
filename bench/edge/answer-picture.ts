// Answers every request with the bytes of a file, as fast as Node.js can.
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';

const { PICTURE = '', PEER_PORT } = process.env;
const bytes = readFileSync(PICTURE);
const headers = { 'content-type': 'image/png', 'content-length': bytes.length };

createServer((req, res) => {
  req.resume();
  res.writeHead(200, headers).end(bytes);
}).listen(Number(PEER_PORT), '127.0.0.1');
