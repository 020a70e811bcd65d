/** Parts of names that mark a secret, in upper or lower case, with words joined by `-`, `_` or nothing. */
export const SECRET_NAME = [
  'pass(?:word|wd|phrase|code)',
  // `db_pass`, `adminPass`; not `passenger`, `bypass`.
  '(?<!by|com|over|sur|tres|under)pass(?![a-z])',
  'pswd',
  'pwd',
  'secret',
  'token',
  'credential',
  'authorization',
  '(?:api|access|auth|encrypted|encryption|fernet|private|ssl)[-_]?key(?![a-z])',
  'config[-_]?drive',
].join('|');

const PATTERN = new RegExp(SECRET_NAME, 'i');

/** Whether a field, a header, an option or a parameter of that name holds a secret. */
export function isSecretName(name: string): boolean {
  return PATTERN.test(name);
}
