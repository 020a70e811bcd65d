import { dictOfStrings, listOfStrings } from '../fields/containers.ts';
import { nullable, withDefault } from '../fields/field.ts';
import { persistentFields } from '../fields/persistent.ts';
import { boolean, float, integer, string } from '../fields/scalars.ts';
import { objectList } from '../object-list.ts';
import { versionedObject } from '../versioned-object.ts';

/** The size of an instance. Units: memory_mb and swap MiB, root_gb and ephemeral_gb GiB. */
export class Flavor extends versionedObject('Flavor', '1.2', {
  id: integer(),
  name: nullable(string()),
  memory_mb: integer(),
  vcpus: integer(),
  root_gb: integer(),
  ephemeral_gb: integer(),
  flavorid: string(),
  swap: integer(),
  rxtx_factor: withDefault(nullable(float()), 1.0),
  vcpu_weight: nullable(integer()),
  disabled: boolean(),
  is_public: boolean(),
  extra_specs: dictOfStrings(),
  projects: listOfStrings(),
  description: nullable(string()),
  ...persistentFields,
}) {}

export class FlavorList extends objectList('FlavorList', '1.1', Flavor) {}
