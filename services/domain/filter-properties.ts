import type { JsonObject } from '@mini-nova/messaging';

/** What the scheduler, the conductor and a retried build tell each other about past attempts. */
export interface FilterProperties {
  limits?: JsonObject;
  retry?: {
    num_attempts: number;
    /** Each host tried so far, as [host, node]. */
    hosts: [host: string, node: string][];
    /** The last failure's traceback, a line each. */
    exc?: string[];
    exc_reason?: string;
  };
}
