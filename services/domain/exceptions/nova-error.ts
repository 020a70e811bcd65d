import type { JsonObject } from '@mini-nova/messaging';

/**
 * An expected failure of the compute control plane. Names, messages and data fields are those of Nova's
 * `nova.exception`, so that a Python peer rebuilds the same class and an error sent by one arrives as ours.
 */
export abstract class NovaError extends Error {
  /** Stable, for programs. */
  abstract readonly code: string;
  /** The HTTP status the REST API answers with. */
  readonly httpStatus: number = 500;
  /** The data fields; they travel as `kwargs`. */
  readonly data: JsonObject;

  constructor(message: string, data: JsonObject, options?: ErrorOptions) {
    super(message, options);
    this.name = new.target.name;
    this.data = data;
  }
}
