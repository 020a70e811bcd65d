import { nullable } from '../fields/field.ts';
import { persistentFields } from '../fields/persistent.ts';
import { integer, string } from '../fields/scalars.ts';
import { objectList } from '../object-list.ts';
import { versionedObject } from '../versioned-object.ts';

/** A user's public key. */
export class KeyPair extends versionedObject('KeyPair', '1.4', {
  id: integer(),
  name: string(),
  user_id: nullable(string()),
  fingerprint: nullable(string()),
  public_key: nullable(string()),
  type: string(),
  ...persistentFields,
}) {}

export class KeyPairList extends objectList('KeyPairList', '1.3', KeyPair) {}
