import type { Static } from 'typebox';
import { links } from './link.ts';
import { array, described, integer, object, text, texts } from './schema.ts';

const brief = { id: text, name: text, links } as const;

export const ImageBrief = object(brief);
export type ImageBrief = Static<typeof ImageBrief>;

export const ImageDocument = object({
  ...brief,
  status: { const: 'ACTIVE' },
  progress: { const: 100 },
  minRam: described('MiB', integer),
  minDisk: described('GiB', integer),
  'OS-EXT-IMG-SIZE:size': described('Bytes', integer),
  metadata: texts,
  created: text,
  updated: text,
});
export type ImageDocument = Static<typeof ImageDocument>;

export const ImageAnswer = object({ image: ImageDocument });
export const ImageListAnswer = listOf(ImageBrief);
export const ImageDetailAnswer = listOf(ImageDocument);

function listOf<const Item extends object>(item: Item) {
  return object({ images: array(item), images_links: links }, { optional: ['images_links'] });
}
