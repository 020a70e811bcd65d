import type { Timestamp } from '@mini-nova/database';
import type { Generated, Selectable } from 'kysely';
import type { Times } from '../columns.ts';

/** A compute node as a source of resources; its uuid is the compute node's. */
export interface ResourceProvidersTable extends Times {
  uuid: string;
  name: string;
  /** Raised by every change of inventories and every claim. */
  generation: Generated<number>;
}

export interface InventoriesTable {
  provider_uuid: string;
  resource_class: string;
  total: number;
  reserved: number;
  allocation_ratio: number;
}

export interface AllocationsTable {
  consumer_uuid: string;
  provider_uuid: string;
  resource_class: string;
  used: number;
  created_at: Timestamp;
}

export type ResourceProviderRow = Selectable<ResourceProvidersTable>;
export type InventoryRow = Selectable<InventoriesTable>;
export type AllocationRow = Selectable<AllocationsTable>;
