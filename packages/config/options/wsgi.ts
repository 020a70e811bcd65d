import { integer, seconds } from '../option.ts';

/** How the REST API treats connections. */
export const wsgi = {
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
    help: "Most that a request's headers may have, all lines together. Large tokens need more.",
  }),
} as const;
