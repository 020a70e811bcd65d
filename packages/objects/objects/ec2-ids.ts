import { nullable } from '../fields/field.ts';
import { string } from '../fields/scalars.ts';
import { versionedObject } from '../versioned-object.ts';

/** An instance's ids in the EC2 API. */
export class EC2Ids extends versionedObject('EC2Ids', '1.0', {
  instance_id: string(),
  ami_id: nullable(string()),
  kernel_id: nullable(string()),
  ramdisk_id: nullable(string()),
}) {}
