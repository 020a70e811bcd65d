/** One failed check of a JSON schema, as AJV reports it with `verbose`. */
export interface SchemaFailure {
  instancePath: string;
  keyword: string;
  params: Record<string, unknown>;
  /** The value that failed. */
  data?: unknown;
  message?: string;
}

/** Longest value that is repeated to the user. */
const SHOWN_LENGTH = 200;

/**
 * What Nova answers to a bad value: `Invalid input for field/attribute min_count. Value: 0. 0 is less than the minimum
 * of 1`.
 */
export function validationMessage(failure: SchemaFailure): string {
  const reason = reasonOf(failure);
  const field = fieldName(failure.instancePath);
  if (field === undefined) return reason;
  return `Invalid input for field/attribute ${field}. Value: ${shown(failure.data, String)}. ${reason}`;
}

/**
 * The failure to tell about. Where several schemas are allowed AJV reports what each misses: what is wrong deepest inside
 * the value says most; on one level it is that none of them fits.
 */
export function mainFailure(failures: readonly SchemaFailure[]): SchemaFailure | undefined {
  const depth = ({ instancePath }: SchemaFailure) => instancePath.split('/').length;
  const deepest = Math.max(...failures.map(depth));
  return failures.filter((failure) => depth(failure) === deepest).at(-1);
}

/** The innermost name of the path; an element of a list is named with its list: `networks/0`. */
function fieldName(instancePath: string): string | undefined {
  const names = instancePath
    .split('/')
    .slice(1)
    .map((name) => name.replaceAll('~1', '/').replaceAll('~0', '~'));
  const last = names.at(-1);
  return last !== undefined && /^\d+$/.test(last) ? names.slice(-2).join('/') : last;
}

function reasonOf({ keyword, params, data, message }: SchemaFailure): string {
  const value = shown(data, quoted);
  switch (keyword) {
    case 'required':
      return `'${params.missingProperty}' is a required property`;
    case 'additionalProperties':
      return `Additional properties are not allowed ('${params.additionalProperty}' was unexpected)`;
    case 'propertyNames':
      return `${shown(params.propertyName, quoted)} is not allowed as a name`;
    case 'not':
      return 'It is not supported';
    case 'type':
      return `${value} is not of type ${[params.type].flat().map(quoted).join(', ')}`;
    case 'minimum':
      return `${value} is less than the minimum of ${params.limit}`;
    case 'maximum':
      return `${value} is greater than the maximum of ${params.limit}`;
    case 'minLength':
    case 'minItems':
      return `${value} is too short`;
    case 'maxLength':
    case 'maxItems':
      return `${value} is too long`;
    case 'minProperties':
      return `${value} does not have enough properties`;
    case 'maxProperties':
      return `${value} has too many properties`;
    case 'pattern':
      return `${value} does not match ${quoted(params.pattern)}`;
    case 'format':
      return `${value} is not a ${quoted(params.format)}`;
    case 'enum':
      return `${value} is not one of ${JSON.stringify(params.allowedValues)}`;
    case 'oneOf':
    case 'anyOf':
      return `${value} is not valid under any of the given schemas`;
    default:
      return `${value} ${message ?? `fails ${keyword}`}`;
  }
}

function shown(value: unknown, text: (value: string) => string): string {
  const all = typeof value === 'string' ? text(value) : jsonOf(value);
  return all.length > SHOWN_LENGTH ? `${all.slice(0, SHOWN_LENGTH)}…` : all;
}

function jsonOf(value: unknown): string {
  try {
    return JSON.stringify(value) ?? 'none';
  } catch (error) {
    // A body is parsed to any depth, but written only as deep as the stack goes.
    if (error instanceof RangeError) return 'a value nested too deeply to be shown';
    throw error;
  }
}

function quoted(value: unknown): string {
  return `'${value}'`;
}
