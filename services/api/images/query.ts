import { BadRequest } from '../http-errors.ts';
import { type PageQuery, pageParameters } from '../queries/page.ts';
import { type ParameterTable, type Question, readParameters } from '../queries/parameter.ts';
import { count, time } from '../queries/values.ts';
import type { ImageDefinition } from './options.ts';
import type { ImageRegistry } from './registry.ts';

interface ImageQuery extends PageQuery {
  conditions: ((image: ImageDefinition, since: Date) => boolean)[];
}

/** Nova's parameters of `GET /images` and `GET /images/detail`, which it passes on to the image service. */
export const imageParameters: ParameterTable<ImageQuery> = {
  'changes-since': {
    for: 'everyone',
    apply: (query, values, name) => {
      const from = new Date(time(name, values));
      query.conditions.push((_image, since) => since >= from);
    },
  },
  ...pageParameters,
  minDisk: {
    for: 'everyone',
    apply: (query, values, name) => {
      const wanted = count(name, values);
      query.conditions.push(({ min_disk }) => min_disk === wanted);
    },
  },
  minRam: {
    for: 'everyone',
    apply: (query, values, name) => {
      const wanted = count(name, values);
      query.conditions.push(({ min_ram }) => min_ram === wanted);
    },
  },
  name: {
    for: 'everyone',
    apply: (query, [text]) => query.conditions.push(({ name }) => name === text),
  },
  'property-*': {
    for: 'everyone',
    apply: (query, [text], name) => query.conditions.push(hasProperty(name.slice('property-'.length), text)),
  },
  server: {
    for: 'everyone',
    // A reference to a server may be a URL.
    apply: (query, [text]) => query.conditions.push(hasProperty('instance_uuid', text.replace(/^.*\//s, ''))),
  },
  status: {
    for: 'everyone',
    // All images are active.
    apply: (query, [text]) => query.conditions.push(() => text.toLowerCase() === 'active'),
  },
  type: {
    for: 'everyone',
    apply: (query, [text]) => query.conditions.push(hasProperty('image_type', text)),
  },
};

/** One page of the images that are asked for, and whether it is full. @throws BadRequest */
export function findImages(
  images: ImageRegistry,
  request: Question,
  maxLimit: number,
): { page: ImageDefinition[]; full: boolean } {
  const query: ImageQuery = { conditions: [], limit: maxLimit };
  const { conditions, limit, marker } = readParameters(imageParameters, request, query);
  const all = images.list();
  const last = all.findIndex(({ id }) => id === marker);
  if (marker !== undefined && last < 0) throw new BadRequest(`marker [${marker}] not found`);
  const found = all
    .slice(last + 1)
    .filter((image) => conditions.every((condition) => condition(image, images.since)));
  const page = found.slice(0, limit);
  return { page, full: page.length === limit };
}

function hasProperty(name: string, value: string): (image: ImageDefinition) => boolean {
  return ({ properties }) => Object.hasOwn(properties, name) && properties[name] === value;
}
