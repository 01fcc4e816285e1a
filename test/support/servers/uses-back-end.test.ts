import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { usesBackEnd, wantsOneBackEnd } from './uses-back-end.ts';

const root = join(import.meta.dirname, '../../..');

test('tells files that ask for a server, a broker or a whole stack from those that need none', () => {
  const using = [
    'test/login.test.ts',
    'test/flag.test.ts',
    'packages/postgres/db.test.ts',
    'gateway/audit/relay.test.ts',
  ];
  const without = ['services/otp/domain/match-code.test.ts', 'test/guards.test.ts', 'test/users-command.test.ts'];
  for (const file of using) assert.equal(usesBackEnd(join(root, file)), true, file);
  for (const file of without) assert.equal(usesBackEnd(join(root, file)), false, file);
});

test('knows the files that say that one back end is enough, with a reason', () => {
  assert.equal(wantsOneBackEnd(join(root, 'test/audit-verify.test.ts')), true);
  assert.equal(wantsOneBackEnd(join(root, 'test/codes.test.ts')), false);
});

test('follows what is imported at any distance, in a circle too, but no types', (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'sallyport-imports-'));
  t.after(() => rmSync(folder, { recursive: true }));
  const write = (name: string, text: string) => writeFileSync(join(folder, name), text);
  write('reads.ts', 'export const url = process.env.TEST_REDIS'.concat("_URL;\nimport './far.test.ts';\n"));
  write('near.ts', "const { url } = await import('./reads.ts');\n");
  write('far.test.ts', "import { a } from 'a';\nimport './near.ts';\n");
  write('types.test.ts', "import type {\n  Url,\n} from './reads.ts';\nimport './missing.ts';\n");
  assert.equal(usesBackEnd(join(folder, 'far.test.ts')), true);
  assert.equal(usesBackEnd(join(folder, 'types.test.ts')), false);
});
