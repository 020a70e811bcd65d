import { nullable, withDefault } from '../fields/field.ts';
import { timestampFields } from '../fields/persistent.ts';
import { boolean, integer, string } from '../fields/scalars.ts';
import { uuid } from '../fields/texts.ts';
import { versionedObject } from '../versioned-object.ts';

/** A cell's database and message bus. */
export class CellMapping extends versionedObject('CellMapping', '1.1', {
  id: integer(),
  uuid: uuid(),
  name: nullable(string()),
  transport_url: string(),
  database_connection: string(),
  disabled: withDefault(boolean(), false),
  ...timestampFields,
}) {}
