import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createOpenApi } from '../gateway/openapi/create-openapi.ts';
import { routes } from '../gateway/routes/index.ts';

/** Lints the OpenAPI document that the gateway would serve. */
const folder = mkdtempSync(join(tmpdir(), 'sallyport-openapi-'));
try {
  const file = join(folder, 'openapi.json');
  writeFileSync(file, JSON.stringify(createOpenApi(routes, 'https://login.sallyport.test'), null, 2));
  const { status } = spawnSync('redocly', ['lint', '--config', 'redocly.yaml', file], {
    stdio: 'inherit',
    env: { ...process.env, REDOCLY_TELEMETRY: 'off', REDOCLY_SUPPRESS_UPDATE_NOTICE: 'true' },
  });
  process.exitCode = status ?? 1;
} finally {
  rmSync(folder, { recursive: true });
}
