import type { Contender } from '../contender.ts';
import { OsloClient } from './hand-written/oslo-client.ts';
import { serve } from './hand-written/oslo-server.ts';

/** As `hand-written`, but the broker confirms requests and replies one by one, as it does for oslo.messaging. */
export const contender: Contender = {
  serve: (place, service) => serve(place, service, true),
  connect: (place) => OsloClient.connect(place, true),
};
