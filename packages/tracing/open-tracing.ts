import type { Attributes } from './span.ts';

/** The standard variables of OpenTelemetry, as far as they are read; packages/config has their schemas. */
export interface TracingConfig {
  OTEL_EXPORTER_OTLP_ENDPOINT?: string | undefined;
  OTEL_EXPORTER_OTLP_TRACES_ENDPOINT?: string | undefined;
  OTEL_EXPORTER_OTLP_HEADERS?: Record<string, string> | undefined;
  OTEL_TRACES_SAMPLER: string;
  OTEL_TRACES_SAMPLER_ARG: number;
  OTEL_SERVICE_NAME?: string | undefined;
  OTEL_RESOURCE_ATTRIBUTES?: Record<string, string> | undefined;
}

/** The span of a whole request. */
export interface ServerSpan {
  /** @param failed whether the server is at fault */
  end(name: string, attributes: Attributes, failed: boolean): void;
}

export interface OpenTracing {
  /**
   * Begins a trace for the request that is going on. `outside` is the `traceparent` of whom we don't obey: it becomes a
   * link, and decides nothing.
   */
  begin(outside?: unknown): ServerSpan;
  /** Goes on with the trace of a part that calls; where it has none there is none. */
  goOn(traceparent: unknown): ServerSpan | undefined;
  /** Sends what is left, for half a second at most. */
  close(): Promise<void>;
}

/**
 * Sends traces to where the configuration says; undefined where it names no receiver, and then nothing is loaded.
 * @param options.onTrouble told of batches that nobody took; they are dropped
 */
export async function openTracing(options: {
  part: string;
  config: TracingConfig;
  onTrouble: (error: Error) => void;
}): Promise<OpenTracing | undefined> {
  const { OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: own, OTEL_EXPORTER_OTLP_ENDPOINT: common } = options.config;
  const url = own ?? (common === undefined ? undefined : `${common.replace(/\/+$/, '')}/v1/traces`);
  if (url === undefined) return undefined;
  const { createOtlpTracing } = await import('./otlp-tracing.ts');
  return createOtlpTracing({ ...options, url });
}
