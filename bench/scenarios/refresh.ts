import { createRequestScenario } from '../load/request-scenario.ts';

export const refresh = createRequestScenario({ name: 'refresh', call: 'POST /token/refresh', perSecond: 1_000 });
