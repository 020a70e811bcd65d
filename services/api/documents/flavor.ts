import type { Link } from './link.ts';

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
