import type { JsonObject } from '@mini-nova/messaging';

/** What the scheduler, the conductor and a retried build pass on about past attempts. */
export interface FilterProperties {
  limits?: JsonObject;
  retry?: {
    num_attempts: number;
    /** Each host tried so far, as [host, node]. */
    hosts: [host: string, node: string][];
    /** The traceback of the last failure, one line each. */
    exc?: string[];
    exc_reason?: string;
  };
}
