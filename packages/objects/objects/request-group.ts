import { dictOfIntegers, listOfListsOfStrings, listOfUuids, setOfStrings } from '../fields/containers.ts';
import { nullable, withDefault } from '../fields/field.ts';
import { boolean, string } from '../fields/scalars.ts';
import { uuid } from '../fields/texts.ts';
import { versionedObject } from '../versioned-object.ts';

/** Resources and traits requested from one provider. */
export class RequestGroup extends versionedObject('RequestGroup', '1.3', {
  use_same_provider: withDefault(boolean(), true),
  resources: withDefault(dictOfIntegers(), {}),
  required_traits: withDefault(setOfStrings(), new Set()),
  forbidden_traits: withDefault(setOfStrings(), new Set()),
  aggregates: withDefault(listOfListsOfStrings(), []),
  forbidden_aggregates: withDefault(setOfStrings(), new Set()),
  requester_id: withDefault(nullable(string()), null),
  provider_uuids: withDefault(listOfUuids(), []),
  in_tree: withDefault(nullable(uuid()), null),
}) {}
