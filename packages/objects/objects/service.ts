import { dateTime } from '../fields/date-time.ts';
import { nullable } from '../fields/field.ts';
import { object } from '../fields/objects.ts';
import { persistentFields } from '../fields/persistent.ts';
import { boolean, integer, string } from '../fields/scalars.ts';
import { uuid } from '../fields/texts.ts';
import { objectList } from '../object-list.ts';
import { versionedObject } from '../versioned-object.ts';
import { ComputeNode } from './compute-node.ts';

/** A daemon on a host. */
export class Service extends versionedObject('Service', '1.22', {
  id: integer(),
  uuid: uuid(),
  host: nullable(string()),
  binary: nullable(string()),
  topic: nullable(string()),
  report_count: integer(),
  disabled: boolean(),
  disabled_reason: nullable(string()),
  availability_zone: nullable(string()),
  compute_node: object(ComputeNode),
  last_seen_up: nullable(dateTime()),
  forced_down: boolean(),
  version: integer(),
  ...persistentFields,
}) {}

export class ServiceList extends objectList('ServiceList', '1.19', Service) {}
