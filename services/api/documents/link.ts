import type { Static } from 'typebox';
import { array, object, text } from './schema.ts';

export const Link = object({ rel: text, href: text, type: text }, { optional: ['type'] });
export type Link = Static<typeof Link>;

export const links = array(Link);
