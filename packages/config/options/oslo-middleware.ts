import { boolean, integer } from '../option.ts';

/** How the REST API takes requests, under oslo.middleware's names. */
export const oslo_middleware = {
  enable_proxy_headers_parsing: boolean({
    default: false,
    help: 'Believe Forwarded, X-Forwarded-Proto, -Host, -For and -Prefix, which say how a client reached a proxy in front: links begin with it. Set it only behind a proxy that sets or removes all of them, since clients can send them too.',
  }),
  max_request_body_size: integer({
    default: 114_688,
    min: 1,
    unit: 'bytes',
    deprecated: ['DEFAULT.osapi_max_request_body_size', 'DEFAULT.max_request_body_size'],
    help: 'Largest body of a request to the REST API.',
  }),
} as const;
