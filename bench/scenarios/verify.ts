import { createRequestScenario } from '../load/request-scenario.ts';

export const verify = createRequestScenario({ name: 'verify', call: 'GET /verify', perSecond: 3_000 });
