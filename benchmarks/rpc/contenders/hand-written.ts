import type { Contender } from '../contender.ts';
import { OsloClient } from './hand-written/oslo-client.ts';
import { serve } from './hand-written/oslo-server.ts';

/**
 * oslo.messaging's wire format on amqplib, as one would write it for one's own service: the limit for what we promise.
 * No reconnecting, no duplicate filter, no versions, one channel for everything, and no confirms for calls, because
 * the reply serves as one.
 */
export const contender: Contender = {
  serve: (place, service) => serve(place, service),
  connect: (place) => OsloClient.connect(place),
};
