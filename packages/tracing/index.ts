export { type OpenTracing, openTracing, type ServerSpan, type TracingConfig } from './open-tracing.ts';
export { enterRequest, outsideRequests, requestFields, withinRequest } from './request-scope.ts';
export { type Attributes, type BeginSpan, beginSpan, type OpenSpan, traced } from './span.ts';
