import type { ImageBrief, ImageDocument } from '../documents/image.ts';
import { imageLinks, type LinkBase } from '../links.ts';
import { isoTime } from '../times.ts';
import type { ImageDefinition } from './options.ts';

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
