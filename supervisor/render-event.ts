import type { AuditEvent } from '@sallyport/audit/log';
import { shortType } from './choose-event-types.ts';

/** Colours a text, or leaves it as it is. */
export type Paint = (format: 'red' | 'green' | 'dim', text: string) => string;

/** What the log says of itself, beside what people did. */
const quiet = ['audit.checkpoint', 'audit.read'];

/**
 * Writes an event in a line: local time, number, type, outcome, reason, whose, from where, how many. Nothing that an event
 * holds can end the line or command a terminal.
 * @param timeZone by default that of the process
 */
export function createRenderer(paint: Paint, timeZone?: string): (event: AuditEvent) => string {
  // Sweden writes 2026-01-31 13:05:09.
  const clock = new Intl.DateTimeFormat('sv-SE', { dateStyle: 'short', timeStyle: 'medium', timeZone });

  return ({ time, sequence, type, subject, data }) => {
    const { outcome, reason, count, personal } = data;
    const head = [clock.format(new Date(time)), sequence.padStart(7), plain(shortType(type)).padEnd(25)];
    const rest = [reason && word(reason), whoOf(personal?.username ?? subject), personal?.ip && plain(personal.ip)];
    if (count !== null && count > 1) rest.push(`×${count}`);
    const isQuiet = quiet.includes(shortType(type));
    const told = isQuiet ? outcome : paint(outcome === 'success' ? 'green' : 'red', outcome);
    const line = [...head, told, ...rest.filter(Boolean)].join('  ');
    return isQuiet ? paint('dim', line) : line;
  };
}

const whoOf = (name: string | undefined) => name && word(name);

/** A text as one word, so that it can't pass for the columns after it. */
function word(text: string): string {
  const shown = plain(text);
  return /^[^\s"]+$/.test(shown) ? shown : JSON.stringify(shown);
}

/** Without what moves the cursor, turns the direction of writing, or ends a line. */
function plain(text: string): string {
  return text.toWellFormed().replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, ' ');
}

/** The JSON text of an event without the controls that JSON lets through, by which a terminal could be commanded. */
export function escapeControls(text: string): string {
  return text.replace(/[\u007f-\u009f]/g, (control) => `\\u${control.charCodeAt(0).toString(16).padStart(4, '0')}`);
}
