import type { ComputeNodeStore } from '@mini-nova/data/compute-nodes/store';
import { isUniqueViolation } from '@mini-nova/database';
import { ComputeHostNotFound, DuplicateEntry } from '@mini-nova/domain/exceptions';
import { ComputeNode } from '@mini-nova/objects';
import { type ActionTable, on } from './action.ts';

export function computeNodeActions(nodes: ComputeNodeStore): ActionTable {
  return {
    onClass: {
      'ComputeNode.get_by_host_and_nodename': async (args) => {
        const host = args.text(0, 'host');
        const node = await nodes.getByHostAndNodename(host, args.text(1, 'nodename'));
        if (!node) throw new ComputeHostNotFound({ host });
        return node;
      },
      'ComputeNode.get_by_uuid': (args, ctxt) =>
        nodes.getByUuid(args.text(0, 'compute_uuid'), { includeDeleted: ctxt.read_deleted === 'yes' }),
    },
    onObject: {
      'ComputeNode.create': on(ComputeNode, (node) => create(nodes, node)),
      'ComputeNode.save': on(ComputeNode, async (node) => {
        await nodes.save(node);
      }),
    },
  };
}

async function create(nodes: ComputeNodeStore, node: ComputeNode): Promise<void> {
  try {
    await nodes.create(node);
  } catch (error) {
    if (!isUniqueViolation(error)) throw error;
    const { host, hypervisor_hostname } = node.values();
    throw new DuplicateEntry(`Compute node ${hypervisor_hostname} on host ${host} exists`, { cause: error });
  }
}
