import { FieldError } from '../errors.ts';
import type { Field } from './field.ts';

const isoForm = /^(\d{4}-\d{2}-\d{2})[T ](\d{2}:\d{2}:\d{2}(?:\.\d{1,9})?)(Z|[+-]\d{2}:?\d{2})?$/;

/** A moment. ISO 8601 text is taken too; without an offset it means UTC. The wire carries whole seconds. */
export function dateTime(): Field<Date> {
  const expected = 'a date and time';
  const coerce = (value: unknown, at: string): Date => {
    const result = value instanceof Date ? new Date(value) : readIso(value);
    if (result === undefined || Number.isNaN(result.getTime())) throw new FieldError(at, expected, value);
    return result;
  };
  return {
    expected,
    coerce,
    toPrimitive: (value) => `${value.toISOString().slice(0, 19)}Z`,
    fromPrimitive: coerce,
    clone: (value) => new Date(value),
  };
}

function readIso(value: unknown): Date | undefined {
  const [, date, time, offset = 'Z'] = (typeof value === 'string' && isoForm.exec(value)) || [];
  return date === undefined ? undefined : new Date(`${date}T${time}${offset}`);
}
