import type { Link } from './link.ts';

export interface ImageBrief {
  id: string;
  name: string;
  links: Link[];
}

export interface ImageDocument extends ImageBrief {
  status: 'ACTIVE';
  progress: 100;
  /** MiB. */
  minRam: number;
  /** GiB. */
  minDisk: number;
  /** Bytes. */
  'OS-EXT-IMG-SIZE:size': number;
  metadata: Record<string, string>;
  created: string;
  updated: string;
}
