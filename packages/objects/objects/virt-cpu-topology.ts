import { nullable, withDefault } from '../fields/field.ts';
import { integer } from '../fields/scalars.ts';
import { versionedObject } from '../versioned-object.ts';

/** How the CPUs of a guest are arranged. */
export class VirtCPUTopology extends versionedObject('VirtCPUTopology', '1.0', {
  sockets: withDefault(nullable(integer()), 1),
  cores: withDefault(nullable(integer()), 1),
  threads: withDefault(nullable(integer()), 1),
}) {}
