import { remoteErrors } from '@mini-nova/messaging';
import { NovaError } from './nova-error.ts';

type Rebuildable = new (data: never, options?: ErrorOptions) => NovaError;

function isRebuildable(exported: unknown): exported is Rebuildable {
  return typeof exported === 'function' && exported.prototype instanceof NovaError;
}

/** Registers all exceptions that a module exports with the wire converter, under their names in Nova. */
export function registerNovaErrors(exports: object): void {
  for (const type of Object.values(exports).filter(isRebuildable)) {
    remoteErrors.register({
      module: 'nova.exception',
      class: type.name,
      type,
      toKwargs: (error) => (error as NovaError).data,
      fromFailure: (failure) => {
        const error = new type(failure.kwargs as never);
        error.message = failure.message;
        return error;
      },
    });
  }
}
