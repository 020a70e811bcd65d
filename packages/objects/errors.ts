/** Something is wrong with a versioned object or its primitive form. `code` is stable, for programs. */
export abstract class ObjectError extends Error {
  abstract readonly code: string;

  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = new.target.name;
  }
}

/** A value does not fit its field. The object keeps what it had. */
export class FieldError extends ObjectError {
  readonly code = 'FIELD_ERROR';
  readonly object: string;
  /** The field, with the place inside it: `metadata[color]`, `requests[2]`. */
  readonly field: string;
  readonly expected: string;
  readonly got: unknown;

  /** @param at `Object.field`, as fields pass it down */
  constructor(at: string, expected: string, got: unknown) {
    super(`${at}: expected ${expected}, got ${describe(got)}`);
    const dot = at.indexOf('.');
    this.object = at.slice(0, dot);
    this.field = at.slice(dot + 1);
    this.expected = expected;
    this.got = got;
  }
}

/** A field without a value was read: the sender left it out, or nobody has set it yet. */
export class FieldNotSet extends ObjectError {
  readonly code = 'FIELD_NOT_SET';
  readonly object: string;
  readonly field: string;

  constructor(object: string, field: string) {
    super(`${object}.${field} is not set`);
    this.object = object;
    this.field = field;
  }
}

/** The class has no such field. */
export class UnknownField extends ObjectError {
  readonly code = 'UNKNOWN_FIELD';
  readonly object: string;
  readonly field: string;

  constructor(object: string, field: string) {
    super(`${object} has no field ${field}`);
    this.object = object;
    this.field = field;
  }
}

/** An object arrived in another major version, in which its fields may mean something else. */
export class IncompatibleObjectVersion extends ObjectError {
  readonly code = 'INCOMPATIBLE_OBJECT_VERSION';
  readonly objname: string;
  readonly objver: string;
  readonly supported: string;

  constructor(objname: string, objver: string, supported: string) {
    super(`Version ${objver} of ${objname} is not supported, supported version is ${supported}`);
    this.objname = objname;
    this.objver = objver;
    this.supported = supported;
  }
}

/** The object's class is unknown, or the object has another project's namespace. */
export class UnsupportedObject extends ObjectError {
  readonly code = 'UNSUPPORTED_OBJECT';
  readonly objtype: string;

  constructor(objtype: string) {
    super(`Unsupported object type ${objtype}`);
    this.objtype = objtype;
  }
}

/** A value that should be an object's primitive form is not. */
export class InvalidObjectPrimitive extends ObjectError {
  readonly code = 'INVALID_OBJECT_PRIMITIVE';

  constructor(reason: string) {
    super(`Not an object in primitive form: ${reason}`);
  }
}

const shownLength = 60;

function describe(value: unknown): string {
  if (value === null || value === undefined || typeof value === 'boolean') return String(value);
  if (typeof value === 'number' || typeof value === 'bigint') return `${value} (${typeof value})`;
  if (typeof value === 'string') {
    const shown = value.length > shownLength ? `${value.slice(0, shownLength)}…` : value;
    return `'${shown}' (string)`;
  }
  if (Array.isArray(value)) return 'an array';
  if (typeof value === 'function') return 'a function';
  const kind: unknown = value.constructor?.name;
  return typeof kind === 'string' && kind !== 'Object' ? `an object of class ${kind}` : 'an object';
}
