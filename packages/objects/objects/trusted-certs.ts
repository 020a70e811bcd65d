import { listOfStrings } from '../fields/containers.ts';
import { versionedObject } from '../versioned-object.ts';

/** The certificates an instance's image must be signed with. */
export class TrustedCerts extends versionedObject('TrustedCerts', '1.0', {
  ids: listOfStrings(),
}) {}
