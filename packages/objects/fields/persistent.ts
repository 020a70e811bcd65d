import { dateTime } from './date-time.ts';
import { nullable, withDefault } from './field.ts';
import { boolean } from './scalars.ts';

/** When the record was made and last changed. */
export const timestampFields = {
  created_at: nullable(dateTime()),
  updated_at: nullable(dateTime()),
};

/** The fields of objects that are database records. Deleted records are kept, with `deleted` set. */
export const persistentFields = {
  ...timestampFields,
  deleted_at: nullable(dateTime()),
  deleted: withDefault(boolean(), false),
};
