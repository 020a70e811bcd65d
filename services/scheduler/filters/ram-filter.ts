import { resourceFilter } from './resource-filter.ts';

/** Hosts with enough memory left. */
export const ramFilter = resourceFilter('RamFilter', 'MEMORY_MB');
