import { readConfig } from '@sallyport/config';
import { runPart } from '@sallyport/http';
import { GatewayConfig } from './config.ts';
import { startGateway } from './start-gateway.ts';

await runPart('gateway', process.env, (env) => startGateway(readConfig(GatewayConfig, env)));
