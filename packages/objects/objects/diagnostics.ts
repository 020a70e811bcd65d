import { nullable, withDefault } from '../fields/field.ts';
import { listOfObjects, object } from '../fields/objects.ts';
import { boolean, integer, string } from '../fields/scalars.ts';
import { hypervisorDriver, powerStateWord } from '../fields/vocabularies.ts';
import { versionedObject } from '../versioned-object.ts';
import { CpuDiagnostics } from './cpu-diagnostics.ts';
import { DiskDiagnostics } from './disk-diagnostics.ts';
import { MemoryDiagnostics } from './memory-diagnostics.ts';
import { NicDiagnostics } from './nic-diagnostics.ts';

/** What a hypervisor says about a running guest. Units: uptime seconds. */
export class Diagnostics extends versionedObject('Diagnostics', '1.0', {
  state: powerStateWord(),
  driver: hypervisorDriver(),
  hypervisor: nullable(string()),
  hypervisor_os: nullable(string()),
  uptime: nullable(integer()),
  config_drive: boolean(),
  memory_details: withDefault(object(MemoryDiagnostics), new MemoryDiagnostics()),
  cpu_details: withDefault(listOfObjects(CpuDiagnostics), []),
  nic_details: withDefault(listOfObjects(NicDiagnostics), []),
  disk_details: withDefault(listOfObjects(DiskDiagnostics), []),
  num_cpus: integer(),
  num_nics: integer(),
  num_disks: integer(),
}) {}
