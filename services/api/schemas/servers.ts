import { boolean, digits, ipv4, metadata, name, reference, texts, uuid } from './types.ts';

/** Servers in one request at most: each is several rows and one claim. */
export const MAX_COUNT = 1000;

const count = { type: 'integer', minimum: 1, maximum: MAX_COUNT } as const;

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
        flavorRef: { anyOf: [reference, { type: 'integer', minimum: 0 }] },
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
        user_data: { type: 'string', maxLength: 65535, format: 'byte' },
      },
    },
  },
} as const;

/** The checked body of `POST /servers`. */
export interface CreateServerBody {
  server: {
    name: string;
    imageRef: string;
    flavorRef: string | number;
    adminPass?: string;
    /** `zone`, `zone:host` or `zone:host:node`. */
    availability_zone?: string;
    max_count?: number;
    metadata?: Record<string, string>;
    min_count?: number;
    networks?: 'auto' | 'none' | RequestedNetwork[];
    'OS-DCF:diskConfig'?: 'AUTO' | 'MANUAL';
    return_reservation_id?: boolean;
    security_groups?: { name: string }[];
    /** Base 64. */
    user_data?: string;
  };
}

export interface RequestedNetwork {
  uuid?: string;
  port?: string | null;
  fixed_ip?: string;
}

/** Filters of Nova's that are not built; ignoring one would show servers that were not asked for. */
const UNSUPPORTED_FILTERS = [
  'access_ip_v4',
  'access_ip_v6',
  'changes-since',
  'changes-before',
  'created_at',
  'description',
  'display_description',
  'ip',
  'ip6',
  'launched_at',
  'not-tags',
  'not-tags-any',
  'offset',
  'sort_dir',
  'sort_key',
  'tags',
  'tags-any',
] as const;

export const listServers = {
  type: 'object',
  properties: {
    all_tenants: { type: 'string' },
    deleted: { type: 'string' },
    flavor: { type: 'string' },
    host: { type: 'string' },
    image: { type: 'string' },
    limit: digits,
    marker: { type: 'string' },
    name: { type: 'string' },
    project_id: { type: 'string' },
    reservation_id: { type: 'string' },
    status: texts,
    tenant_id: { type: 'string' },
    user_id: { type: 'string' },
    ...Object.fromEntries(UNSUPPORTED_FILTERS.map((filter) => [filter, { not: {} }])),
  },
} as const;

export interface ListServersQuery {
  all_tenants?: string;
  deleted?: string;
  flavor?: string;
  host?: string;
  image?: string;
  limit?: string;
  marker?: string;
  name?: string;
  project_id?: string;
  reservation_id?: string;
  status?: string | string[];
  tenant_id?: string;
  user_id?: string;
}
