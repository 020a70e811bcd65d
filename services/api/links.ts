export interface Link {
  rel: string;
  href: string;
  type?: string;
}

/** Where links point: the address the client itself used, with or without a project in the path. */
export interface LinkBase {
  /** `http://127.0.0.1:8774` */
  origin: string;
  /** `/demo` when the request's path named the project, else empty. */
  projectPath: string;
}

export function versionLink(base: LinkBase): string {
  return `${base.origin}/v2.1/`;
}

/** The `self` and `bookmark` links of one item. */
export function itemLinks(base: LinkBase, collection: string, id: string): Link[] {
  return [
    { rel: 'self', href: `${base.origin}/v2.1${base.projectPath}/${collection}/${id}` },
    bookmarkLink(base, collection, id),
  ];
}

export function bookmarkLink(base: LinkBase, collection: string, id: string): Link {
  return { rel: 'bookmark', href: `${base.origin}${base.projectPath}/${collection}/${id}` };
}

/** The link to the page after the item `marker`, with the other parameters of this request. */
export function nextLink(base: LinkBase, collection: string, query: unknown, marker: string): Link {
  const params = new URLSearchParams();
  const given = Object.entries(query as Record<string, string | string[]>);
  for (const [name, value] of given.sort(([a], [b]) => (a < b ? -1 : 1))) {
    if (name !== 'marker') for (const one of [value].flat()) params.append(name, one);
  }
  params.append('marker', marker);
  return { rel: 'next', href: `${base.origin}/v2.1${base.projectPath}/${collection}?${params}` };
}
