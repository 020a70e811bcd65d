import { nullable } from '../fields/field.ts';
import { integer } from '../fields/scalars.ts';
import { versionedObject } from '../versioned-object.ts';

/** Units: MiB. */
export class MemoryDiagnostics extends versionedObject('MemoryDiagnostics', '1.0', {
  maximum: nullable(integer()),
  used: nullable(integer()),
}) {}
