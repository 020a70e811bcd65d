import { string } from '@mini-nova/config';

/** The network that `nova-manage db sync` creates. */
export const networkOptions = {
  network: {
    name: string({ default: 'private', pattern: /\S/, allowed: 'a name', help: 'Name of the network.' }),
    cidr: string({
      default: '10.0.0.0/16',
      pattern: /^((25[0-5]|2[0-4]\d|1?\d?\d)(\.(?!\/)|(?=\/))){4}\/([89]|[12]\d)$/,
      allowed: 'an IPv4 range such as 10.0.0.0/16, with a prefix from 8 to 29',
      help: 'Range from which ports get their addresses.',
    }),
  },
} as const;
