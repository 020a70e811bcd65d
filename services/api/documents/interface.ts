import type { Static } from 'typebox';
import { array, object, text, word } from './schema.ts';
import { ipv4, uuid } from './values.ts';

/** One interface of a server, as `os-interface` shows it. A network has one subnet, whose id is the network's. */
export const InterfaceDocument = object({
  port_id: text,
  net_id: text,
  mac_addr: text,
  port_state: word('ACTIVE', 'DOWN'),
  fixed_ips: array(object({ ip_address: text, subnet_id: text })),
});
export type InterfaceDocument = Static<typeof InterfaceDocument>;

export const InterfaceAnswer = object({ interfaceAttachment: InterfaceDocument });
export const InterfaceListAnswer = object({ interfaceAttachments: array(InterfaceDocument) });

/** The body of `POST /servers/{id}/os-interface`; an absent body or an empty attachment means the default network. */
export const AttachInterfaceBody = {
  type: ['object', 'null'],
  additionalProperties: false,
  properties: {
    interfaceAttachment: {
      type: 'object',
      additionalProperties: false,
      properties: {
        net_id: uuid,
        port_id: uuid,
        fixed_ips: {
          type: 'array',
          minItems: 1,
          maxItems: 1,
          items: {
            type: 'object',
            required: ['ip_address'],
            additionalProperties: false,
            properties: { ip_address: ipv4 },
          },
        },
      },
    },
  },
} as const;
export type AttachInterfaceBody = Static<typeof AttachInterfaceBody>;
