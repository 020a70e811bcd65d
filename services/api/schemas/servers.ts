import { boolean, ipv4, metadata, name, reference, uuid } from './types.ts';

/** Servers in one request at most: each is several rows and one claim. */
export const MAX_COUNT = 1000;

/** A number, or the text of one. */
const count = {
  type: ['integer', 'string'],
  minimum: 1,
  maximum: MAX_COUNT,
  pattern: '^0*([1-9][0-9]{0,2}|1000)$',
} as const;

export const createServer = {
  type: 'object',
  required: ['server'],
  additionalProperties: false,
  properties: {
    server: {
      type: 'object',
      required: ['name', 'imageRef', 'flavorRef'],
      additionalProperties: false,
      properties: {
        name,
        imageRef: reference,
        flavorRef: { anyOf: [reference, { type: 'integer' }] },
        adminPass: { type: 'string' },
        availability_zone: name,
        max_count: count,
        metadata,
        min_count: count,
        networks: {
          anyOf: [
            { type: 'string', enum: ['auto', 'none'] },
            {
              type: 'array',
              maxItems: 64,
              items: {
                type: 'object',
                additionalProperties: false,
                properties: { uuid, port: { type: ['string', 'null'], format: 'uuid' }, fixed_ip: ipv4 },
              },
            },
          ],
        },
        'OS-DCF:diskConfig': { type: 'string', enum: ['AUTO', 'MANUAL'] },
        return_reservation_id: boolean,
        // There are no security groups but the one that every server is in.
        security_groups: {
          type: 'array',
          items: {
            type: 'object',
            required: ['name'],
            additionalProperties: false,
            properties: { name: { type: 'string', enum: ['default'] } },
          },
        },
        user_data: { type: 'string', maxLength: 65535, format: 'base64' },
      },
    },
  },
} as const;
