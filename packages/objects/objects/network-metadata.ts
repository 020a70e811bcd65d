import { setOfStrings } from '../fields/containers.ts';
import { boolean } from '../fields/scalars.ts';
import { versionedObject } from '../versioned-object.ts';

/** The kinds of network an instance needs. */
export class NetworkMetadata extends versionedObject('NetworkMetadata', '1.0', {
  physnets: setOfStrings(),
  tunneled: boolean(),
}) {}
