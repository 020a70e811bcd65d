import type { PendingCall } from './pending-call.ts';

/** A message on its way. */
export interface Delivery {
  /** The request as JSON text. */
  readonly text: string;
  /** Who waits for the reply; undefined for a cast. */
  readonly call: PendingCall | undefined;
  /** By performance.now(). */
  readonly sentAt: number;
  /** 1, or more when it has failed before. */
  readonly attempt: number;
}
