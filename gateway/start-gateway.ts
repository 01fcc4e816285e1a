import { createServer } from 'node:net';
import { type RunningPart, servePart } from '@sallyport/http';
import { createApp } from './app.ts';
import type { GatewayConfig } from './config.ts';
import { type GatewayOverrides, openContext } from './context.ts';

/** Opens everything, serves, and starts the work behind the audit log. */
export async function startGateway(given: GatewayConfig, overrides: GatewayOverrides = {}): Promise<RunningPart> {
  const config = await withPort(given);
  const context = await openContext(config, overrides);
  return servePart({
    name: 'gateway',
    host: config.HOST,
    port: config.GATEWAY_PORT,
    opsPort: config.OPS_PORT,
    stopDelayMs: config.STOP_DELAY_SECONDS * 1_000,
    app: createApp(context),
    registry: context.registry,
    logger: context.logger,
    dependencies: context.dependencies,
    onClosing: () => context.arrivals.close(),
    close: () => context.close(),
  });
}

/** Tokens and links name the gateway's own address where no other is given. */
async function withPort(config: GatewayConfig): Promise<GatewayConfig> {
  if (config.GATEWAY_PORT !== 0 || config.PUBLIC_URL !== undefined) return config;
  return { ...config, GATEWAY_PORT: await findFreePort(config.HOST), OPS_PORT: config.OPS_PORT ?? 0 };
}

/** A port that nobody listens on: one that must be known before the listening begins, since links are made from it. */
async function findFreePort(host: string): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve, reject) => server.once('error', reject).listen(0, host, resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  return typeof address === 'object' && address !== null ? address.port : 0;
}
