import { type RunningPart, servePart } from '@sallyport/http';
import { createApp } from './app.ts';
import type { GatewayConfig } from './config.ts';
import { type GatewayOverrides, openContext } from './context.ts';

/** Opens everything, serves, and starts the work behind the audit log. */
export async function startGateway(config: GatewayConfig, overrides: GatewayOverrides = {}): Promise<RunningPart> {
  const context = await openContext(config, overrides);
  return servePart({
    name: 'gateway',
    host: config.HOST,
    port: config.GATEWAY_PORT,
    opsPort: config.OPS_PORT,
    app: createApp(context),
    registry: context.registry,
    logger: context.logger,
    dependencies: context.dependencies,
    close: () => context.close(),
  });
}
