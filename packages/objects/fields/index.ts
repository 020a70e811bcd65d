export {
  dictOf,
  dictOfIntegers,
  dictOfListOfStrings,
  dictOfNullableStrings,
  dictOfSetsOfIntegers,
  dictOfStrings,
  listOf,
  listOfDictOfNullableStrings,
  listOfIntegers,
  listOfListsOfStrings,
  listOfSetsOfIntegers,
  listOfStrings,
  listOfUuids,
  setOf,
  setOfIntegers,
  setOfStrings,
} from './containers.ts';
export { dateTime } from './date-time.ts';
export { nullable, scalar, withDefault } from './field.ts';
export { listOfObjects, object } from './objects.ts';
export { persistentFields, timestampFields } from './persistent.ts';
export { boolean, flexibleBoolean, float, integer, string } from './scalars.ts';
export { ipAddress, ipv4Address, ipv6Address, macAddress, oneOf, pattern, uuid } from './texts.ts';
