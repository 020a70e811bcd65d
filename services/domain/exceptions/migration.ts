import { NovaError } from './nova-error.ts';

export class MigrationNotFound extends NovaError {
  readonly code = 'MIGRATION_NOT_FOUND';
  override readonly httpStatus = 404;

  constructor(data: { migration_id: string }, options?: ErrorOptions) {
    super(`Migration ${data.migration_id} could not be found.`, data, options);
  }
}
