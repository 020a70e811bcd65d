import { nullable, withDefault } from '../fields/field.ts';
import { listOfObjects, object } from '../fields/objects.ts';
import { string } from '../fields/scalars.ts';
import { architecture, cpuFeaturePolicy, cpuMatch, cpuMode } from '../fields/vocabularies.ts';
import { versionedObject } from '../versioned-object.ts';
import { VirtCPUTopology } from './virt-cpu-topology.ts';

/** A CPU feature a guest has or must not have. */
export class VirtCPUFeature extends versionedObject('VirtCPUFeature', '1.0', {
  policy: nullable(cpuFeaturePolicy()),
  name: string(),
}) {}

/** The CPU a guest sees. */
export class VirtCPUModel extends versionedObject('VirtCPUModel', '1.0', {
  arch: nullable(architecture()),
  vendor: nullable(string()),
  topology: nullable(object(VirtCPUTopology)),
  features: withDefault(listOfObjects(VirtCPUFeature), []),
  mode: nullable(cpuMode()),
  model: nullable(string()),
  match: nullable(cpuMatch()),
}) {}
