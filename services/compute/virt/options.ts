import { string } from '@mini-nova/config';

/** By which driver nova-compute has its guests. */
export const virtOptions = {
  DEFAULT: {
    compute_driver: string({
      default: 'fake.FakeDriver',
      choices: ['fake.FakeDriver'],
      help: 'The virtualization driver of nova-compute. fake.FakeDriver keeps guests in memory; see group fake.',
    }),
  },
} as const;
