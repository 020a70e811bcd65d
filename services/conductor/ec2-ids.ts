import { EC2Ids, type Instance } from '@mini-nova/objects';

/** The instance's ids in the EC2 API, for the metadata service of its host. They follow from its own, there is no table of them. */
export function ec2IdsOf({ id, image_ref }: Instance): EC2Ids {
  return new EC2Ids({
    instance_id: `i-${hex(id)}`,
    ami_id: image_ref ? `ami-${image_ref.replaceAll('-', '').slice(0, 8).padEnd(8, '0')}` : null,
    kernel_id: null,
    ramdisk_id: null,
  });
}

function hex(id: number): string {
  return id.toString(16).padStart(8, '0');
}
