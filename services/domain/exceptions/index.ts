import * as build from './build.ts';
import * as flavor from './flavor.ts';
import * as image from './image.ts';
import * as instance from './instance.ts';
import * as migration from './migration.ts';
import * as network from './network.ts';
import * as object from './object.ts';
import * as policy from './policy.ts';
import * as service from './service.ts';
import { registerNovaErrors } from './wire.ts';

export * from './build.ts';
export * from './database.ts';
export * from './flavor.ts';
export * from './image.ts';
export * from './instance.ts';
export * from './migration.ts';
export * from './network.ts';
export * from './nova-error.ts';
export * from './object.ts';
export * from './policy.ts';
export * from './service.ts';

// Whoever knows one of these classes knows all, so that `instanceof` holds across any call.
for (const noun of [build, flavor, image, instance, migration, network, object, policy, service])
  registerNovaErrors(noun);
