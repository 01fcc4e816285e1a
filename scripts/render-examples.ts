import { type EventType, eventTypes } from '@sallyport/audit/log';
import { createExamples } from '../gateway/asyncapi/create-examples.ts';

/** The page with an example of each type of event, as the product's code makes them. */
export function renderExamples(): string {
  const sections = [...createExamples()].map(([type, text]) => {
    const { when }: EventType = eventTypes[type];
    const sentence = `${when[0]?.toUpperCase()}${when.slice(1)}.`;
    return `## ${type.replace('sallyport.', '')}\n\n${sentence}\n\n\`\`\`json\n${JSON.stringify(JSON.parse(text), null, 2)}\n\`\`\`\n`;
  });
  return `# One event of each type

Written by \`npm run asyncapi\` with the code that records, numbers and signs, so that together they are a log: each follows
the one before it, and the checkpoint at the end covers all of them. [audit.md](audit.md) says what the fields mean.

${sections.join('\n')}`;
}
