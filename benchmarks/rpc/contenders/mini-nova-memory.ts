import type { Contender } from '../contender.ts';
import { connect, serve } from './mini-nova.ts';

/** Client and server in one process, on the memory transport; the place's topic is the bus as well. */
export const contender: Contender = {
  serve: () => Promise.reject(new Error('the memory transport has its server in its client')),
  connect: async ({ topic }) => {
    const place = { url: `memory://${topic}/`, topic };
    await serve(place, { echo: (args) => args, note: () => undefined });
    return connect(place);
  },
};
