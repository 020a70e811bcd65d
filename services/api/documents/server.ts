import { type ServerStatus, serverStatuses } from '@mini-nova/domain/states/vm-state';
import type { Static } from 'typebox';
import { links } from './link.ts';
import { array, described, integer, integerOrNull, object, text, textOrNull, texts, word } from './schema.ts';
import { ipv4, metadata, name, reference, uuid, yesOrNo } from './values.ts';

export type { ServerStatus };

const AddressDocument = object({
  addr: text,
  version: { const: 4 },
  'OS-EXT-IPS:type': { const: 'fixed' },
  'OS-EXT-IPS-MAC:mac_addr': text,
});
export type AddressDocument = Static<typeof AddressDocument>;

const FaultOfServer = object(
  { code: integer, message: text, created: text, details: text },
  { optional: ['details'] },
);
export type FaultOfServer = Static<typeof FaultOfServer>;

const diskConfig = word('AUTO', 'MANUAL');
const item = object({ id: text, links });
const brief = { id: text, name: textOrNull, links } as const;

/** A server in a plain list. */
export const ServerBrief = object(brief);
export type ServerBrief = Static<typeof ServerBrief>;

/** A server as Nova's compute API 2.1 shows it to an administrator. */
export const ServerDocument = object(
  {
    ...brief,
    status: word(...serverStatuses),
    accessIPv4: text,
    accessIPv6: text,
    addresses: { type: 'object', additionalProperties: array(AddressDocument) },
    config_drive: text,
    created: described('ISO 8601, UTC', text),
    updated: text,
    fault: described('Present when the status is ERROR or DELETED and a reason is known', FaultOfServer),
    flavor: item,
    hostId: described(
      'The same for all servers of one project on one host; empty while the server has no host',
      text,
    ),
    image: { anyOf: [item, { const: '' }] },
    key_name: textOrNull,
    metadata: texts,
    progress: described('Percent; present while or after something is built', integer),
    security_groups: array(object({ name: text })),
    tenant_id: text,
    user_id: text,
    'OS-DCF:diskConfig': diskConfig,
    'OS-EXT-AZ:availability_zone': text,
    'OS-EXT-SRV-ATTR:host': textOrNull,
    'OS-EXT-SRV-ATTR:hypervisor_hostname': textOrNull,
    'OS-EXT-SRV-ATTR:instance_name': text,
    'OS-EXT-STS:power_state': integerOrNull,
    'OS-EXT-STS:task_state': textOrNull,
    'OS-EXT-STS:vm_state': textOrNull,
    'OS-SRV-USG:launched_at': textOrNull,
    'OS-SRV-USG:terminated_at': textOrNull,
    'os-extended-volumes:volumes_attached': array(object({ id: text })),
  },
  { optional: ['fault', 'progress'] },
);
export type ServerDocument = Static<typeof ServerDocument>;

export const ServerAnswer = object({ server: ServerDocument });
export const ServerListAnswer = listOf(ServerBrief);
export const ServerDetailAnswer = listOf(ServerDocument);

function listOf<const Item extends object>(of: Item) {
  return object({ servers: array(of), servers_links: links }, { optional: ['servers_links'] });
}

/** The most servers of one request: each is several rows and a claim. */
export const MAX_COUNT = 1000;

/** A number, or the text of one. */
const count = {
  type: ['integer', 'string'],
  minimum: 1,
  maximum: MAX_COUNT,
  pattern: '^0*([1-9][0-9]{0,2}|1000)$',
} as const;

const requestedNetwork = {
  type: 'object',
  additionalProperties: false,
  properties: { uuid, port: { type: ['string', 'null'], format: 'uuid' }, fixed_ip: ipv4 },
} as const;
export type RequestedNetwork = Static<typeof requestedNetwork>;

/** The body of `POST /servers`. */
export const CreateServerBody = {
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
        // `zone`, `zone:host` or `zone:host:node`.
        availability_zone: name,
        max_count: count,
        metadata,
        min_count: count,
        networks: {
          anyOf: [
            { type: 'string', enum: ['auto', 'none'] },
            { type: 'array', maxItems: 64, items: requestedNetwork },
          ],
        },
        'OS-DCF:diskConfig': { type: 'string', enum: ['AUTO', 'MANUAL'] },
        return_reservation_id: yesOrNo,
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
export type CreateServerBody = Static<typeof CreateServerBody>;

/** The first of the new servers, or, on request, only the id of the reservation of all of them. */
export const CreatedServerAnswer = {
  anyOf: [
    object({
      server: object({
        id: text,
        links,
        adminPass: text,
        'OS-DCF:diskConfig': diskConfig,
        security_groups: array(object({ name: text })),
      }),
    }),
    object({ reservation_id: text }),
  ],
} as const;
