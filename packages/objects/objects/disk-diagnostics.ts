import { nullable } from '../fields/field.ts';
import { integer } from '../fields/scalars.ts';
import { versionedObject } from '../versioned-object.ts';

/** Counters of one disk. */
export class DiskDiagnostics extends versionedObject('DiskDiagnostics', '1.0', {
  read_bytes: nullable(integer()),
  read_requests: nullable(integer()),
  write_bytes: nullable(integer()),
  write_requests: nullable(integer()),
  errors_count: nullable(integer()),
}) {}
