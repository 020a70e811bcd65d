import { remoteErrors } from '@mini-nova/messaging';
import { IncompatibleObjectVersion, UnsupportedObject } from '@mini-nova/objects';
import { NovaError } from './nova-error.ts';

/** The conductor has no such object method, or the method does not take these arguments. */
export class ObjectActionError extends NovaError {
  readonly code = 'OBJECT_ACTION_FAILED';

  constructor(data: { action: string; reason: string }, options?: ErrorOptions) {
    super(`Object action ${data.action} failed because: ${data.reason}`, data, options);
  }
}

// The errors of oslo.versionedobjects for objects that the receiver does not know in the form or version sent.
remoteErrors.register({
  module: 'oslo_versionedobjects.exception',
  class: 'UnsupportedObjectError',
  type: UnsupportedObject,
  toKwargs: (error) => ({ objtype: (error as UnsupportedObject).objtype }),
  fromFailure: ({ kwargs }) => new UnsupportedObject(String(kwargs.objtype)),
});
remoteErrors.register({
  module: 'oslo_versionedobjects.exception',
  class: 'IncompatibleObjectVersion',
  type: IncompatibleObjectVersion,
  toKwargs: (error) => {
    const { objname, objver, supported } = error as IncompatibleObjectVersion;
    return { objname, objver, supported };
  },
  fromFailure: ({ kwargs: { objname, objver, supported } }) =>
    new IncompatibleObjectVersion(String(objname), String(objver), String(supported)),
});
