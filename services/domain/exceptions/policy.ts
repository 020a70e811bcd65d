import { NovaError } from './nova-error.ts';

/** Only administrators may do this. */
export class AdminRequired extends NovaError {
  readonly code = 'ADMIN_REQUIRED';
  override readonly httpStatus = 403;

  constructor(data: Record<string, never> = {}, options?: ErrorOptions) {
    super('User does not have admin privileges', data, options);
  }
}
