import type { Static } from 'typebox';
import { array, integer, integerOrNull, object, text, textOrNull, word } from './schema.ts';

const brief = {
  id: integer,
  hypervisor_hostname: textOrNull,
  status: word('enabled', 'disabled'),
  state: word('up', 'down'),
} as const;

export const HypervisorBrief = object(brief);
export type HypervisorBrief = Static<typeof HypervisorBrief>;

/** A compute node, as `os-hypervisors` shows it. Units: `_mb` MiB, `_gb` GiB. */
export const HypervisorDocument = object({
  ...brief,
  cpu_info: textOrNull,
  current_workload: integerOrNull,
  disk_available_least: integerOrNull,
  free_disk_gb: integerOrNull,
  free_ram_mb: integerOrNull,
  host_ip: textOrNull,
  hypervisor_type: text,
  hypervisor_version: integer,
  local_gb: integer,
  local_gb_used: integer,
  memory_mb: integer,
  memory_mb_used: integer,
  running_vms: integerOrNull,
  service: object({ id: integer, host: textOrNull, disabled_reason: textOrNull }),
  vcpus: integer,
  vcpus_used: integer,
});
export type HypervisorDocument = Static<typeof HypervisorDocument>;

export const HypervisorAnswer = object({ hypervisor: HypervisorDocument });
export const HypervisorListAnswer = object({ hypervisors: array(HypervisorBrief) });
export const HypervisorDetailAnswer = object({ hypervisors: array(HypervisorDocument) });
