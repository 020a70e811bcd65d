/** One failed check of a JSON schema, as AJV reports it. */
export interface SchemaFailure {
  instancePath: string;
  keyword: string;
  params: Record<string, unknown>;
  message?: string;
}

/** Longest name of a field that is repeated to the user. */
const SHOWN_LENGTH = 200;

/**
 * What is wrong with which field: `Invalid input for field/attribute min_count. It is less than the minimum of 1`. Nova
 * repeats the value here; we do not, since it may be a password, or an object with one in it.
 */
export function validationMessage(failure: SchemaFailure): string {
  const reason = reasonOf(failure);
  const field = fieldName(failure.instancePath);
  if (field === undefined) return reason.replace(/^It /, 'The request body ');
  return `Invalid input for field/attribute ${shortened(field)}. ${reason}`;
}

/**
 * The failure to report. Where several schemas are allowed, AJV reports a failure for each of them: the one deepest
 * inside the value says most; on one level, it is that none of them fits.
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

function reasonOf({ keyword, params, message }: SchemaFailure): string {
  switch (keyword) {
    case 'required':
      return `'${params.missingProperty}' is a required property`;
    case 'additionalProperties':
      return `Additional properties are not allowed (${quoted(params.additionalProperty)} was unexpected)`;
    case 'propertyNames':
      return `${quoted(params.propertyName)} is not allowed as a name`;
    case 'type':
      return `It is not of type ${[params.type].flat().map(quoted).join(', ')}`;
    case 'minimum':
      return `It is less than the minimum of ${params.limit}`;
    case 'maximum':
      return `It is greater than the maximum of ${params.limit}`;
    case 'minLength':
    case 'minItems':
      return 'It is too short';
    case 'maxLength':
    case 'maxItems':
      return 'It is too long';
    case 'minProperties':
      return 'It does not have enough properties';
    case 'maxProperties':
      return 'It has too many properties';
    case 'pattern':
      return `It does not match ${quoted(params.pattern)}`;
    case 'format':
      return `It is not a ${quoted(params.format)}`;
    case 'enum':
      return `It is not one of ${JSON.stringify(params.allowedValues)}`;
    case 'oneOf':
    case 'anyOf':
      return 'It is not valid under any of the given schemas';
    default:
      return `It ${message ?? `fails ${keyword}`}`;
  }
}

function quoted(value: unknown): string {
  return `'${shortened(String(value))}'`;
}

function shortened(text: string): string {
  return text.length > SHOWN_LENGTH ? `${text.slice(0, SHOWN_LENGTH)}…` : text;
}
