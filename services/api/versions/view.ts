import type { VersionDocument } from '../documents/version.ts';
import { type LinkBase, versionLink } from '../links.ts';
import { SPOKEN } from '../microversion.ts';

/** An entry of the list of API versions. */
export function versionDocument(base: LinkBase): VersionDocument {
  return {
    id: 'v2.1',
    status: 'CURRENT',
    version: SPOKEN.max,
    min_version: SPOKEN.min,
    updated: '2013-07-23T11:33:21Z',
    links: [{ rel: 'self', href: versionLink(base) }],
  };
}

/** The version's own page. */
export function versionDetails(base: LinkBase) {
  const version = versionDocument(base);
  const manual = { rel: 'describedby', type: 'text/html', href: 'https://docs.openstack.org/' };
  const mediaType = {
    base: 'application/json',
    type: 'application/vnd.openstack.compute+json;version=2.1',
  };
  return { ...version, links: [...version.links, manual], 'media-types': [mediaType] };
}
