import type { ComputeDependencies, ComputeSettings } from './compute/dependencies.ts';

export interface ApiSettings extends ComputeSettings {
  /** Items in one answer at most. */
  readonly maxLimit: number;
}

/** All that the REST API works with. */
export interface ApiDependencies extends ComputeDependencies {
  settings: ApiSettings;
}
