import type { Static } from 'typebox';
import { links } from './link.ts';
import { array, described, flag, integer, object, text, textOrNull, texts } from './schema.ts';

const brief = { id: text, name: textOrNull, links } as const;

export const FlavorBrief = object(brief);
export type FlavorBrief = Static<typeof FlavorBrief>;

export const FlavorDocument = object({
  ...brief,
  ram: described('MiB', integer),
  disk: described('GiB', integer),
  vcpus: integer,
  swap: described('MiB; empty: none', { anyOf: [integer, { const: '' }] }),
  rxtx_factor: { anyOf: [{ type: 'number' }, { const: '' }] },
  'OS-FLV-DISABLED:disabled': flag,
  'OS-FLV-EXT-DATA:ephemeral': described('GiB', integer),
  'os-flavor-access:is_public': flag,
});
export type FlavorDocument = Static<typeof FlavorDocument>;

export const FlavorAnswer = object({ flavor: FlavorDocument });
export const FlavorListAnswer = listOf(FlavorBrief);
export const FlavorDetailAnswer = listOf(FlavorDocument);
export const ExtraSpecsAnswer = object({ extra_specs: texts });

function listOf<const Item extends object>(item: Item) {
  return object({ flavors: array(item), flavors_links: links }, { optional: ['flavors_links'] });
}
