import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ReadTrips } from './counting-proxy.ts';
import { createHttpReader } from './read-http.ts';
import { createPostgresReader } from './read-postgres.ts';
import { createRedisReader } from './read-redis.ts';

function message(type: string, text: string): Buffer {
  const body = Buffer.from(text);
  const head = Buffer.alloc(4);
  head.writeUInt32BE(body.length + 4);
  return Buffer.concat([Buffer.from(type), head, body]);
}

function startup(application: string): Buffer {
  return message('', `\x00\x03\x00\x00user\0me\0application_name\0${application}\0\0`);
}

/** As a network that splits everything into bytes would bring it. */
function readByteByByte(read: ReadTrips, bytes: Buffer): string[] {
  return [...bytes].flatMap((byte) => read(Buffer.of(byte)));
}

test('counts a Sync and a simple query, and remembers what a prepared statement says', () => {
  const wire = Buffer.concat([
    startup('sallyport-otp'),
    message('P', 'one\0select 1\0\0\0'),
    message('B', '\0one\0\0\0\0\0\0\0'),
    message('E', '\0\0\0\0\0'),
    message('S', ''),
    message('Q', 'begin\0'),
    message('B', '\0one\0\0\0\0\0\0\0'),
    message('S', ''),
  ]);
  const expected = ['otp: select 1', 'otp: begin', 'otp: select 1'];
  assert.deepEqual(createPostgresReader('sallyport-')(wire), expected);
  assert.deepEqual(readByteByByte(createPostgresReader('sallyport-'), wire), expected);
});

test('passes over programs of another name', () => {
  const wire = Buffer.concat([startup('test'), message('Q', 'begin\0')]);
  assert.deepEqual(createPostgresReader('sallyport-')(wire), []);
});

test('counts commands of Redis that were written together once, and greetings not at all', () => {
  const get = '*2\r\n$3\r\nget\r\n$5\r\na\r\n*1\r\n';
  const info = '*1\r\n$4\r\ninfo\r\n';
  assert.deepEqual(createRedisReader()(Buffer.from(`${info}${get}${get}`)), ['get a\r\n*1 + get a\r\n*1']);
  assert.deepEqual(readByteByByte(createRedisReader(), Buffer.from(`${get}${info}${get}`)), [
    'get a\r\n*1',
    'get a\r\n*1',
  ]);
});

test('counts a request over HTTP, and no body', () => {
  const read = createHttpReader();
  assert.deepEqual(read(Buffer.from('POST /codes/verify HTTP/1.1\r\nhost: a\r\n\r\n{"a":')), ['POST /codes/verify']);
  assert.deepEqual(read(Buffer.from('1}')), []);
});
