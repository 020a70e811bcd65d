import { nullable } from '../fields/field.ts';
import { integer } from '../fields/scalars.ts';
import { versionedObject } from '../versioned-object.ts';

/** Units: time nanoseconds, utilisation percent. */
export class CpuDiagnostics extends versionedObject('CpuDiagnostics', '1.0', {
  id: nullable(integer()),
  time: nullable(integer()),
  utilisation: nullable(integer()),
}) {}
