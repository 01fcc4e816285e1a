import { type AuditEventType, eventTypeNames, eventTypes, publishedEvent } from '@sallyport/audit/log';
import { z } from 'zod';
import { createExamples } from './create-examples.ts';

const contentType = 'application/cloudevents+json';
const exchange = { name: 'sallyport.audit', type: 'topic', durable: true, autoDelete: false };

/** The AsyncAPI 3 document of the audit events, from the schemas that they are made by; the same at every call. */
export function createAsyncApi(): object {
  const examples = createExamples();
  const messages = Object.fromEntries(
    eventTypeNames.map((type) => [nameOf(type), createMessage(type, examples.get(type) ?? '')]),
  );
  const names = Object.keys(messages);
  return {
    asyncapi: '3.0.0',
    info: {
      title: 'Sallyport: audit events',
      version: '1.0.0',
      description:
        'CloudEvents 1.0 in structured JSON, in the canonical form of RFC 8785. At least once; in the order of `sequence`, ' +
        'apart from repetitions, which carry the same `id`. Types, members and reasons may be added.',
      license: { name: 'Apache-2.0' },
    },
    defaultContentType: contentType,
    servers: {
      broker: { host: 'rabbitmq:5672', protocol: 'amqp', protocolVersion: '0.9.1', description: 'What AMQP_URL names' },
    },
    channels: {
      audit: {
        address: '{type}',
        title: 'The audit log',
        description:
          'The routing key is the type. The stream `sallyport.audit.all` is bound with `#` and keeps 30 days. The same ' +
          'events are read at `GET /audit/events`.',
        servers: [{ $ref: '#/servers/broker' }],
        parameters: { type: { description: "The event's type", enum: [...eventTypeNames] } },
        messages: Object.fromEntries(names.map((name) => [name, { $ref: `#/components/messages/${name}` }])),
        bindings: { amqp: { is: 'routingKey', exchange: { ...exchange, vhost: '/' }, bindingVersion: '0.3.0' } },
      },
    },
    operations: {
      publish: {
        action: 'send',
        title: 'The gateway publishes what the log holds',
        channel: { $ref: '#/channels/audit' },
        messages: names.map((name) => ({ $ref: `#/channels/audit/messages/${name}` })),
        bindings: { amqp: { deliveryMode: 2, mandatory: true, bindingVersion: '0.3.0' } },
      },
    },
    components: { messages },
  };
}

/** `sallyport.otp.setup_started` as `otp.setup_started`: a name that the document may have. */
function nameOf(type: AuditEventType): string {
  return type.replace('sallyport.', '');
}

function createMessage(type: AuditEventType, example: string): object {
  const { $schema: _, ...payload } = z.toJSONSchema(publishedEvent(type));
  return {
    name: type,
    title: type,
    summary: eventTypes[type].when,
    contentType,
    payload,
    bindings: { amqp: { messageType: type, bindingVersion: '0.3.0' } },
    examples: [{ payload: JSON.parse(example) }],
  };
}
