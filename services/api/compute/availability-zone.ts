import type { RequestStores } from '@mini-nova/data/request-stores';
import { ComputeHostNotFound } from '@mini-nova/domain/exceptions';
import { BadRequest } from '../http-errors.ts';
import type { ComputeSettings } from './dependencies.ts';

/** Where a server shall run: anywhere in a zone, or on one host and node, past the filters. */
export interface Placement {
  zone: string | null;
  host: string | null;
  node: string | null;
}

/** `zone`, `zone:host`, `zone:host:node` or `zone::node`; the zone may be empty beside a host or node. */
export function parseAvailabilityZone(text: string | undefined): Placement {
  const [zone = '', host = '', node = '', ...rest] = (text ?? '').split(':');
  if (rest.length > 0) throw new BadRequest('Unable to parse availability_zone');
  return { zone: zone || null, host: host || null, node: node || null };
}

/** That there is such a zone, host and node. @throws BadRequest */
export async function assertPlacement(
  { zone, host, node }: Placement,
  stores: RequestStores,
  settings: ComputeSettings,
): Promise<void> {
  if (host !== null || node !== null) return assertNode(host, node, stores);
  if (zone !== null && !(await zonesOf(stores, settings)).has(zone)) {
    throw new BadRequest('The requested availability zone is not available');
  }
}

async function assertNode(
  host: string | null,
  node: string | null,
  { computeNodes }: RequestStores,
): Promise<void> {
  const nodes = [...(await computeNodes.list(host === null ? {} : { host }))];
  const found = nodes.some(({ hypervisor_hostname }) => node === null || hypervisor_hostname === node);
  if (!found) throw new BadRequest(new ComputeHostNotFound({ host: node ?? host ?? '' }).message);
}

/** Those of enabled computes. */
async function zonesOf({ services }: RequestStores, settings: ComputeSettings): Promise<Set<string>> {
  const computes = [...(await services.list({ binary: 'nova-compute', disabled: false }))];
  return new Set(computes.map(({ availability_zone }) => availability_zone ?? settings.defaultZone));
}
