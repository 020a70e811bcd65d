import { string } from '../option.ts';

const URL_OR_NOTHING = {
  default: '',
  pattern: /^$|^https?:\/\/[^\s"<>?#]+$/,
  allowed: 'empty, or an http:// or https:// URL without a query',
};

/** The REST API, as its clients see it. */
export const api = {
  compute_link_prefix: string({
    ...URL_OR_NOTHING,
    deprecated: ['DEFAULT.osapi_compute_link_prefix'],
    help: 'What links to the compute API begin with, in the place of the protocol and host that a client used: https://cloud.example.org/compute. A path is put before ours. Empty: what the client used.',
  }),
  glance_link_prefix: string({
    ...URL_OR_NOTHING,
    deprecated: ['DEFAULT.osapi_glance_link_prefix'],
    help: 'What the alternate links of images begin with: the address of an image service. Empty: images have no such link.',
  }),
} as const;
