import type { JsonObject } from '@mini-nova/messaging';

/**
 * An expected failure of the compute control plane. Names, messages and data fields are those of `nova.exception`, so that
 * a Python peer rebuilds the same class, and an error sent by Nova arrives as the class here.
 */
export abstract class NovaError extends Error {
  /** A stable code for programs. */
  abstract readonly code: string;
  /** The HTTP status of the REST API's answer. */
  readonly httpStatus: number = 500;
  /** The data fields; they travel as `kwargs`. */
  readonly data: JsonObject;

  constructor(message: string, data: JsonObject, options?: ErrorOptions) {
    super(message, options);
    this.name = new.target.name;
    this.data = data;
  }
}
