import { NovaError } from './nova-error.ts';

export class FlavorNotFound extends NovaError {
  readonly code = 'FLAVOR_NOT_FOUND';
  override readonly httpStatus = 404;

  constructor(data: { flavor_id: string }, options?: ErrorOptions) {
    super(`Flavor ${data.flavor_id} could not be found.`, data, options);
  }
}
