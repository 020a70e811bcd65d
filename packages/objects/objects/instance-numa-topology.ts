import { dictOfIntegers, setOfIntegers } from '../fields/containers.ts';
import { nullable, withDefault } from '../fields/field.ts';
import { listOfObjects, object } from '../fields/objects.ts';
import { integer } from '../fields/scalars.ts';
import { uuid } from '../fields/texts.ts';
import { cpuAllocationPolicy, cpuThreadPolicy, emulatorThreadsPolicy } from '../fields/vocabularies.ts';
import { versionedObject } from '../versioned-object.ts';
import { VirtCPUTopology } from './virt-cpu-topology.ts';

/** One NUMA node of a guest. Units: memory MiB, pagesize KiB. */
export class InstanceNUMACell extends versionedObject('InstanceNUMACell', '1.6', {
  id: integer(),
  cpuset: setOfIntegers(),
  pcpuset: setOfIntegers(),
  cpuset_reserved: withDefault(nullable(setOfIntegers()), null),
  memory: integer(),
  pagesize: withDefault(nullable(integer()), null),
  cpu_topology: nullable(object(VirtCPUTopology)),
  cpu_pinning_raw: withDefault(nullable(dictOfIntegers()), null),
  cpu_policy: withDefault(nullable(cpuAllocationPolicy()), null),
  cpu_thread_policy: withDefault(nullable(cpuThreadPolicy()), null),
}) {}

/** The NUMA nodes of a guest. */
export class InstanceNUMATopology extends versionedObject('InstanceNUMATopology', '1.3', {
  id: integer(),
  instance_uuid: uuid(),
  cells: listOfObjects(InstanceNUMACell),
  emulator_threads_policy: nullable(emulatorThreadsPolicy()),
}) {}
