import type { Link } from './link.ts';

export interface VersionDocument {
  id: 'v2.1';
  status: 'CURRENT';
  /** Newest and oldest microversion: only the first is spoken. */
  version: '2.1';
  min_version: '2.1';
  updated: string;
  links: Link[];
}
