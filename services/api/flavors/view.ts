import type { Flavor } from '@mini-nova/objects';
import type { FlavorBrief, FlavorDocument } from '../documents/flavor.ts';
import { itemLinks, type LinkBase } from '../links.ts';

export function flavorBrief(flavor: Flavor, base: LinkBase): FlavorBrief {
  return { id: flavor.flavorid, name: flavor.name, links: itemLinks(base, 'flavors', flavor.flavorid) };
}

export function flavorDocument(flavor: Flavor, base: LinkBase): FlavorDocument {
  return {
    ...flavorBrief(flavor, base),
    ram: flavor.memory_mb,
    disk: flavor.root_gb,
    vcpus: flavor.vcpus,
    swap: flavor.swap || '',
    rxtx_factor: flavor.rxtx_factor || '',
    'OS-FLV-DISABLED:disabled': flavor.disabled,
    'OS-FLV-EXT-DATA:ephemeral': flavor.ephemeral_gb,
    'os-flavor-access:is_public': flavor.is_public,
  };
}
