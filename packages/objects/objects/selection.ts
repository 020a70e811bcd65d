import { nullable } from '../fields/field.ts';
import { object } from '../fields/objects.ts';
import { string } from '../fields/scalars.ts';
import { uuid } from '../fields/texts.ts';
import { versionedObject } from '../versioned-object.ts';
import { SchedulerLimits } from './scheduler-limits.ts';

/** A host chosen for an instance. `allocation_request` is JSON: what to claim there. */
export class Selection extends versionedObject('Selection', '1.1', {
  compute_node_uuid: uuid(),
  service_host: string(),
  nodename: string(),
  cell_uuid: uuid(),
  limits: nullable(object(SchedulerLimits)),
  allocation_request: nullable(string()),
  allocation_request_version: nullable(string()),
  availability_zone: nullable(string()),
}) {}
