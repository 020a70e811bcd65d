import { resourceFilter } from './resource-filter.ts';

/** Hosts with enough disk left for root, ephemeral and swap disk. */
export const diskFilter = resourceFilter('DiskFilter', 'DISK_GB');
