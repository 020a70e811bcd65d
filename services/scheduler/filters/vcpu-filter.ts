import { resourceFilter } from './resource-filter.ts';

/** Hosts with enough virtual CPUs left. */
export const vcpuFilter = resourceFilter('VCpuFilter', 'VCPU');
