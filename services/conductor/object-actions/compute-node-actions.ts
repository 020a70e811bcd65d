import { isUniqueViolation } from '@mini-nova/database';
import { ComputeNode } from '@mini-nova/objects';
import { ComputeHostNotFound } from '../../exceptions.ts';
import type { ComputeNodeStore } from '../../stores/compute-node-store.ts';
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
    },
    onObject: {
      'ComputeNode.create': on(ComputeNode, (node) => createOrTakeOver(nodes, node)),
      'ComputeNode.save': on(ComputeNode, async (node) => {
        await nodes.save(node);
      }),
    },
  };
}

/** Repeated when its answer was lost, so a record of this host and name is taken over, with its uuid. */
async function createOrTakeOver(nodes: ComputeNodeStore, node: ComputeNode): Promise<void> {
  try {
    await nodes.create(node);
    return;
  } catch (error) {
    if (!isUniqueViolation(error)) throw error;
  }
  const { host, hypervisor_hostname } = node;
  const known = await nodes.getByHostAndNodename(host ?? '', hypervisor_hostname ?? '');
  if (!known) throw new ComputeHostNotFound({ host: host ?? '' });
  Object.assign(node, { id: known.id, uuid: known.uuid });
  await nodes.save(node);
}
