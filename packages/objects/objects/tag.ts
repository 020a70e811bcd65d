import { string } from '../fields/scalars.ts';
import { objectList } from '../object-list.ts';
import { versionedObject } from '../versioned-object.ts';

/** A free label on a server. */
export class Tag extends versionedObject('Tag', '1.1', {
  resource_id: string(),
  tag: string(),
}) {}

export class TagList extends objectList('TagList', '1.1', Tag) {}
