import { architecture, hypervisorType, vmMode } from '../fields/vocabularies.ts';
import { versionedObject } from '../versioned-object.ts';

/** What a hypervisor can run. */
export class HVSpec extends versionedObject('HVSpec', '1.2', {
  arch: architecture(),
  hv_type: hypervisorType(),
  vm_mode: vmMode(),
}) {}
