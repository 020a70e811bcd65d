import { integer } from '../option-types.ts';

/** Limits of the REST API on requests, under oslo.middleware's names. */
export const oslo_middleware = {
  max_request_body_size: integer({
    default: 114_688,
    min: 1,
    unit: 'bytes',
    deprecated: ['DEFAULT.osapi_max_request_body_size', 'DEFAULT.max_request_body_size'],
    help: 'Largest body of a request to the REST API.',
  }),
} as const;
