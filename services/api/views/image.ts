import type { ImageDefinition } from '@mini-nova/config';
import { imageLinks, type Link, type LinkBase } from '../links.ts';
import { isoTime } from './times.ts';

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

export function imageBrief(image: ImageDefinition, base: LinkBase): ImageBrief {
  return { id: image.id, name: image.name, links: imageLinks(base, image.id) };
}

/** `since`: when this registry was read; a configured image has no other date. */
export function imageDocument(image: ImageDefinition, since: Date, base: LinkBase): ImageDocument {
  return {
    ...imageBrief(image, base),
    status: 'ACTIVE',
    progress: 100,
    minRam: image.min_ram,
    minDisk: image.min_disk,
    'OS-EXT-IMG-SIZE:size': image.size,
    metadata: { ...image.properties },
    created: isoTime(since),
    updated: isoTime(since),
  };
}
