/*
 * Traces over OTLP/HTTP, by OpenTelemetry's SDK. It is loaded only where a receiver is configured, and nothing is patched:
 * spans are begun at our own seams (HTTP, calls to services, SQL, Redis, hashes), so that what they say is known. Whatever
 * is wrong with the receiver, a request doesn't wait: spans gather in a bounded queue, and are dropped when it is full.
 */
import { type Attributes, ROOT_CONTEXT, type Span, SpanKind, SpanStatusCode, trace } from '@opentelemetry/api';
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-http';
import { resourceFromAttributes } from '@opentelemetry/resources';
import { BatchSpanProcessor, type SpanExporter, TracerProvider } from '@opentelemetry/sdk-trace';
import { createSampler } from './create-sampler.ts';
import type { OpenTracing, ServerSpan, TracingConfig } from './open-tracing.ts';
import { currentRequest, outsideRequests } from './request-scope.ts';
import type { OpenSpan } from './span.ts';
import { readTraceparent, type TracePlace, writeTraceparent } from './traceparent.ts';

const queue = { maxQueueSize: 2_048, maxExportBatchSize: 512, scheduledDelayMillis: 1_000, exportTimeoutMillis: 5_000 };
const flushMs = 500;
const kinds = { client: SpanKind.CLIENT, internal: SpanKind.INTERNAL };

export function createOtlpTracing(options: {
  part: string;
  url: string;
  config: TracingConfig;
  onTrouble: (error: Error) => void;
}): OpenTracing {
  const { part, url, config, onTrouble } = options;
  const headers = config.OTEL_EXPORTER_OTLP_HEADERS ?? {};
  const exporter = new OTLPTraceExporter({ url, headers, timeoutMillis: queue.exportTimeoutMillis });
  const provider = new TracerProvider({
    resource: resourceFromAttributes({
      ...config.OTEL_RESOURCE_ATTRIBUTES,
      'service.name': config.OTEL_SERVICE_NAME ?? `sallyport-${part}`,
    }),
    sampler: createSampler(config.OTEL_TRACES_SAMPLER, config.OTEL_TRACES_SAMPLER_ARG),
    spanProcessors: [new BatchSpanProcessor({ ...queue, exporter: telling(exporter, onTrouble) })],
  });
  const tracer = provider.getTracer('sallyport');

  function enter(span: Span): ServerSpan {
    const context = trace.setSpan(ROOT_CONTEXT, span);
    const scope = currentRequest();
    if (scope) {
      scope.trace = {
        id: span.spanContext().traceId,
        begin: (kind, name, attributes) => openSpan(tracer.startSpan(name, { kind: kinds[kind], attributes }, context)),
      };
    }
    return {
      end(name, attributes, failed) {
        span.updateName(name).setAttributes(attributes);
        if (failed) span.setStatus({ code: SpanStatusCode.ERROR });
        span.end();
      },
    };
  }

  return {
    begin(outside) {
      const place = readTraceparent(outside);
      const links = place ? [{ context: place }] : [];
      return enter(tracer.startSpan('request', { kind: SpanKind.SERVER, links }, ROOT_CONTEXT));
    },
    goOn(traceparent) {
      const place = readTraceparent(traceparent);
      return place && enter(tracer.startSpan('request', { kind: SpanKind.SERVER }, below(place)));
    },
    async close() {
      const late = Promise.withResolvers<void>();
      const timer = setTimeout(late.resolve, flushMs);
      await Promise.race([provider.shutdown().catch(onTrouble), late.promise]);
      clearTimeout(timer);
    },
  };
}

const below = (place: TracePlace) => trace.setSpanContext(ROOT_CONTEXT, { ...place, isRemote: true });

function openSpan(span: Span): OpenSpan {
  return {
    traceparent: writeTraceparent(span.spanContext()),
    set: (attributes: Attributes) => void span.setAttributes(attributes),
    end(error) {
      if (error !== undefined) span.setStatus({ code: SpanStatusCode.ERROR }).setAttribute('error.type', typeOf(error));
      span.end();
    },
  };
}

function typeOf(error: unknown): string {
  if (!(error instanceof Error)) return 'unknown';
  return 'code' in error && typeof error.code === 'string' ? error.code : error.name;
}

/** Tells of what nobody took, which the SDK drops in silence. */
function telling(exporter: SpanExporter, onTrouble: (error: Error) => void): SpanExporter {
  return {
    export(spans, done) {
      outsideRequests(() =>
        exporter.export(spans, (result) => {
          if (result.error) onTrouble(result.error);
          done(result);
        }),
      );
    },
    shutdown: () => exporter.shutdown(),
  };
}
