import type { Static } from 'typebox';
import { links } from './link.ts';
import { array, described, object, text } from './schema.ts';

const version = {
  id: { const: 'v2.1' },
  status: { const: 'CURRENT' },
  version: described('The newest supported microversion', text),
  min_version: described('The oldest one', text),
  updated: text,
  links,
} as const;

export const VersionDocument = object(version);
export type VersionDocument = Static<typeof VersionDocument>;

export const VersionListAnswer = object({ versions: array(VersionDocument) });
export const VersionAnswer = object({
  version: object({ ...version, 'media-types': array(object({ base: text, type: text })) }),
});
