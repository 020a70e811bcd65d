import { listOfStrings, setOfStrings } from '../fields/containers.ts';
import { nullable, withDefault } from '../fields/field.ts';
import { object } from '../fields/objects.ts';
import { boolean, string } from '../fields/scalars.ts';
import { versionedObject } from '../versioned-object.ts';
import { CellMapping } from './cell-mapping.ts';

/** Restricts where a request may go. */
export class Destination extends versionedObject('Destination', '1.4', {
  host: string(),
  node: nullable(string()),
  cell: nullable(object(CellMapping)),
  aggregates: withDefault(nullable(listOfStrings()), null),
  allow_cross_cell_move: withDefault(boolean(), false),
  forbidden_aggregates: withDefault(nullable(setOfStrings()), null),
}) {}
