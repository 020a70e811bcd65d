import { InvalidPattern, Pattern } from '@mini-nova/database';
import { badValue, type Values } from './parameter.ts';

/** oslo's words for yes and no. */
const YES = ['1', 't', 'true', 'on', 'y', 'yes'];
const NO = ['0', 'f', 'false', 'off', 'n', 'no'];

/** The database's highest number. */
const MAX_INTEGER = 2 ** 31 - 1;

/** ISO 8601: a date, or a date and a time, of UTC unless it names a zone. */
const TIME =
  /^(\d{4})-?(\d\d)-?(\d\d)(?:[T ](\d\d)(?::?(\d\d)(?::?(\d\d)(?:[.,](\d{1,9}))?)?)?\s*(Z|[+-]\d\d(?::?\d\d)?)?)?$/i;

/** All of these throw BadRequest. */
export function flag(name: string, [text]: Values): boolean {
  const word = text.trim().toLowerCase();
  if (YES.includes(word)) return true;
  if (NO.includes(word)) return false;
  throw badValue(name, "It is not a 'boolean'");
}

/** A whole number from 0; one above the database's highest counts as the highest. */
export function count(name: string, [text]: Values): number {
  if (!/^[0-9]+$/.test(text)) throw badValue(name, "It does not match '^[0-9]+$'");
  return Math.min(Number(text), MAX_INTEGER);
}

/** As Python reads whole numbers, with their sign. */
export function integer(name: string, [text]: Values): number {
  if (!/^\s*[+-]?[0-9]+\s*$/.test(text)) throw badValue(name, "It is not of type 'integer'");
  return Math.max(-MAX_INTEGER, Math.min(Number(text), MAX_INTEGER));
}

export function pattern(name: string, [text]: Values): Pattern {
  try {
    return Pattern.parse(text);
  } catch (error) {
    if (error instanceof InvalidPattern) throw badValue(name, `It is not a 'regex': ${error.reason}`);
    throw error;
  }
}

/** In the database's form. */
export function time(name: string, [given]: Values): string {
  const found = TIME.exec(given.trim());
  const [, year, month, day, hour = '00', minute = '00', second = '00', fraction = '', zone = 'Z'] =
    found ?? [];
  const iso = `${year}-${month}-${day}T${hour}:${minute}:${second}.${fraction.slice(0, 3).padEnd(3, '0')}`;
  const date = new Date(`${iso}Z`);
  // 30 February would be taken for a day in March.
  const isTime = found !== null && !Number.isNaN(date.getTime()) && date.toISOString().startsWith(iso);
  const text = isTime ? new Date(date.getTime() - offsetOf(zone)).toISOString() : '';
  // A year with another number of digits would not sort as text.
  if (!/^\d{4}-/.test(text)) throw badValue(name, "It is not a 'date-time'");
  return text;
}

/** Milliseconds east of Greenwich. */
function offsetOf(zone: string): number {
  const [, sign, hours = 0, minutes = 0] = /^([+-])(\d\d):?(\d\d)?$/.exec(zone) ?? [];
  return (sign === '-' ? -1 : 1) * (Number(hours) * 60 + Number(minutes)) * 60_000;
}
