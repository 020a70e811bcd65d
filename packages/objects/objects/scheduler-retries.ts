import { object } from '../fields/objects.ts';
import { integer } from '../fields/scalars.ts';
import { versionedObject } from '../versioned-object.ts';
import { ComputeNodeList } from './compute-node.ts';

/** The hosts that were tried before. */
export class SchedulerRetries extends versionedObject('SchedulerRetries', '1.1', {
  num_attempts: integer(),
  hosts: object(ComputeNodeList),
}) {}
