import type { Generated, Insertable, Selectable } from 'kysely';
import type { JsonText, SoftDeleted } from '../columns.ts';

export interface FlavorsTable extends SoftDeleted {
  id: Generated<number>;
  name: string;
  flavorid: string;
  memory_mb: number;
  vcpus: number;
  root_gb: number;
  ephemeral_gb: Generated<number>;
  /** MiB. */
  swap: Generated<number>;
  rxtx_factor: Generated<number>;
  vcpu_weight: Generated<number | null>;
  disabled: Generated<boolean>;
  is_public: Generated<boolean>;
  extra_specs: Generated<JsonText>;
  description: string | null;
}

export type FlavorRow = Selectable<FlavorsTable>;
export type NewFlavor = Insertable<FlavorsTable>;
