import { boolean, integer, port, seconds, string } from '@mini-nova/config';

const URL_OR_NOTHING = {
  default: '',
  pattern: /^$|^https?:\/\/[^\s"<>?#]+$/,
  allowed: 'empty, or an http:// or https:// URL without a query',
};

/** The REST API: where it listens, how its clients see it, how it takes requests. */
export const apiOptions = {
  DEFAULT: {
    osapi_compute_listen: string({
      default: '127.0.0.1',
      pattern: /^\S+$/,
      allowed: 'an IP address or host name',
      help: 'Address on which the compute REST API listens. The API has no authentication yet: do not publish it.',
    }),
    osapi_compute_listen_port: port({ default: 8774, help: 'Port of the compute REST API.' }),
    osapi_compute_workers: integer({
      default: 1,
      min: 1,
      max: 1024,
      unit: 'processes',
      help: 'Processes of nova-api.',
    }),
    osapi_max_limit: integer({
      default: 1000,
      min: 1,
      unit: 'items',
      mutable: true,
      help: 'Most items in one answer of a list request.',
    }),
  },
  api: {
    compute_link_prefix: string({
      ...URL_OR_NOTHING,
      deprecated: ['DEFAULT.osapi_compute_link_prefix'],
      help: 'Beginning of links to the compute API, in place of the protocol and host that the client used: https://cloud.example.org/compute. Its path comes before ours. Empty: the address that the client used.',
    }),
    glance_link_prefix: string({
      ...URL_OR_NOTHING,
      deprecated: ['DEFAULT.osapi_glance_link_prefix'],
      help: 'Address of an image service, with which the alternate links of images begin. Empty: images have no such links.',
    }),
  },
  oslo_middleware: {
    enable_proxy_headers_parsing: boolean({
      default: false,
      help: 'Believe the headers Forwarded, X-Forwarded-Proto, -Host, -For and -Prefix, by which a proxy says how the client reached it: links begin with that address. Set it only behind a proxy that sets or removes all of them, since clients can send them too.',
    }),
    max_request_body_size: integer({
      default: 114_688,
      min: 1,
      unit: 'bytes',
      deprecated: ['DEFAULT.osapi_max_request_body_size', 'DEFAULT.max_request_body_size'],
      help: 'Largest body of a request to the REST API.',
    }),
  },
  wsgi: {
    client_socket_timeout: seconds({
      default: 900,
      deprecated: ['DEFAULT.client_socket_timeout'],
      help: 'A connection to the REST API on which nothing moves for this long is closed. 0: never.',
    }),
    header_timeout: seconds({
      default: 15,
      help: "Time a client has to send its request's headers; Nova has no such limit. 0: no limit.",
    }),
    max_header_line: integer({
      default: 16_384,
      min: 1024,
      unit: 'bytes',
      deprecated: ['DEFAULT.max_header_line'],
      help: "Largest size of a request's headers, all lines together. Large tokens need more.",
    }),
  },
} as const;
