import type { Flavor } from '@mini-nova/objects';
import { itemLinks, type Link, type LinkBase } from '../links.ts';

export interface FlavorBrief {
  id: string;
  name: string | null;
  links: Link[];
}

export interface FlavorDocument extends FlavorBrief {
  /** MiB. */
  ram: number;
  /** GiB. */
  disk: number;
  vcpus: number;
  /** MiB; empty: none. */
  swap: number | '';
  rxtx_factor: number | '';
  'OS-FLV-DISABLED:disabled': boolean;
  /** GiB. */
  'OS-FLV-EXT-DATA:ephemeral': number;
  'os-flavor-access:is_public': boolean;
}

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
