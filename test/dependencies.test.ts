// Versions below which a package has a known hole that would matter here; every copy in the lock file counts.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';

const floors: Record<string, string> = {
  amqplib: '2.3.0',
  bcrypt: '6.0.0',
  'express-rate-limit': '8.2.2',
  'http-proxy-middleware': '4.1.1',
  jsonwebtoken: '9.0.0',
  'path-to-regexp': '8.4.0',
  qs: '6.14.1',
};

const isBelow = (version: string, floor: string) => version.localeCompare(floor, 'en', { numeric: true }) < 0;

test('no locked package is below its floor', () => {
  const lock = JSON.parse(readFileSync(join(import.meta.dirname, '..', 'package-lock.json'), 'utf8'));
  const copies = Object.entries(lock.packages as Record<string, { version?: string }>).map(([path, { version }]) => ({
    name: path.split('node_modules/').at(-1) ?? '',
    version: version ?? '',
  }));
  const floored = copies.filter(({ name }) => name in floors);
  const below = floored.filter(({ name, version }) => isBelow(version, floors[name] ?? ''));
  assert.deepEqual(below, []);
  assert.ok(floored.length >= Object.keys(floors).length - 1, 'they are there at all');
});
