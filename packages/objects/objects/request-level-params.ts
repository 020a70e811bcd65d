import { listOfListsOfStrings, setOfStrings } from '../fields/containers.ts';
import { withDefault } from '../fields/field.ts';
import { versionedObject } from '../versioned-object.ts';

/** What a request requires of all its providers together. */
export class RequestLevelParams extends versionedObject('RequestLevelParams', '1.1', {
  root_required: withDefault(setOfStrings(), new Set()),
  root_forbidden: withDefault(setOfStrings(), new Set()),
  same_subtree: withDefault(listOfListsOfStrings(), []),
}) {}
