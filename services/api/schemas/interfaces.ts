import { ipv4, uuid } from './types.ts';

/** The body of `POST /servers/{id}/os-interface`; an absent body or an empty attachment means the default network. */
export const attachInterface = {
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
