import { z } from 'zod';
import { url } from './fields.ts';

const receiver = url('http:', 'https:').optional();

/** `name=value` pairs, comma-separated, values encoded as in a URL (the form of W3C Baggage, as OpenTelemetry has it). */
const pairs = z
  .string()
  .transform((text, context) => {
    const entries = text.split(',').filter((entry) => entry.trim() !== '');
    const read = entries.map((entry) => /^\s*([^\s=]+)\s*=\s*(\S.*?)?\s*$/.exec(entry));
    if (read.every((entry) => entry !== null && isDecodable(entry[2] ?? ''))) {
      return Object.fromEntries(read.map((entry) => [entry?.[1] ?? '', decodeURIComponent(entry?.[2] ?? '')]));
    }
    context.addIssue('must be a list of name=value');
    return z.NEVER;
  })
  .optional();

const samplers = [
  'always_on',
  'always_off',
  'traceidratio',
  'parentbased_always_on',
  'parentbased_always_off',
  'parentbased_traceidratio',
] as const;

/** The variables of OpenTelemetry that each part reads. Without a receiver nothing is traced. */
export const tracingVariables = {
  OTEL_EXPORTER_OTLP_ENDPOINT: receiver,
  OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: receiver,
  OTEL_EXPORTER_OTLP_HEADERS: pairs,
  OTEL_TRACES_SAMPLER: z.enum(samplers).default('parentbased_always_on'),
  OTEL_TRACES_SAMPLER_ARG: z
    .string()
    .regex(/^(0(\.\d{1,9})?|1(\.0{1,9})?)$/, 'must be a share from 0 to 1')
    .default('1')
    .transform(Number),
  OTEL_SERVICE_NAME: z.string().optional(),
  OTEL_RESOURCE_ATTRIBUTES: pairs,
};

function isDecodable(text: string): boolean {
  try {
    decodeURIComponent(text);
    return true;
  } catch {
    return false;
  }
}
