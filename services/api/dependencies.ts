import type { StoresFor } from '@mini-nova/data/request-stores';
import type { ComputeDependencies, ComputeSettings } from './compute/dependencies.ts';

export interface ApiSettings extends ComputeSettings {
  /** Items in one answer at most. */
  readonly maxLimit: number;
}

/** What routes work with. The database is reached by `request.stores` alone. */
export interface ApiDependencies extends ComputeDependencies {
  settings: ApiSettings;
}

/** All that the REST API works with. */
export interface ApiParts extends ApiDependencies {
  storesFor: StoresFor;
}
