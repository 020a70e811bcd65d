import type { Link } from './documents/link.ts';

/** Where links point: the address the client itself used, with or without a project in the path. */
export interface LinkBase {
  /** `http://127.0.0.1:8774`, and the prefix in front of our paths. */
  root: string;
  /** `/demo` when the request's path named the project, else empty. */
  projectPath: string;
  /** The image service's address, if it is configured. */
  glance?: string;
}

export function versionLink(base: LinkBase): string {
  return `${base.root}/v2.1/`;
}

/** The `self` and `bookmark` links of one item. */
export function itemLinks(base: LinkBase, collection: string, id: string): Link[] {
  return [
    { rel: 'self', href: `${base.root}/v2.1${base.projectPath}/${collection}/${id}` },
    bookmarkLink(base, collection, id),
  ];
}

/** The links of an image, which may be known to an image service, too. */
export function imageLinks(base: LinkBase, id: string): Link[] {
  const links = itemLinks(base, 'images', id);
  if (base.glance === undefined) return links;
  const href = `${base.glance}/images/${id}`;
  return [...links, { rel: 'alternate', type: 'application/vnd.openstack.image', href }];
}

export function bookmarkLink(base: LinkBase, collection: string, id: string): Link {
  return { rel: 'bookmark', href: `${base.root}${base.projectPath}/${collection}/${id}` };
}

/** The link to the page after the item `marker`, with the other parameters of this request. */
export function nextLink(base: LinkBase, collection: string, query: unknown, marker: string): Link {
  const params = new URLSearchParams();
  const given = Object.entries(query as Record<string, string | string[]>);
  for (const [name, value] of given.sort(([a], [b]) => (a < b ? -1 : 1))) {
    if (name !== 'marker') for (const one of [value].flat()) params.append(name, one);
  }
  params.append('marker', marker);
  return { rel: 'next', href: `${base.root}/v2.1${base.projectPath}/${collection}?${params}` };
}
