import { InstanceFault } from '@mini-nova/objects';
import { RowCodec } from '../row-codec.ts';
import type { InstanceFaultRow } from './table.ts';

export const faultCodec = new RowCodec<InstanceFault, InstanceFaultRow>({
  type: InstanceFault,
  columns: ['id', 'instance_uuid', 'code', 'message', 'details', 'host', 'created_at', 'updated_at'],
});
