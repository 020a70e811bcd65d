import { type JsonValue, mapValues } from '../json.ts';

/** Parts of the names under which secrets are known. */
const SECRET = [
  'admin_?pass',
  'config_?drive',
  'encrypted_?key',
  'fernet_?key',
  'new_?pass',
  'pass(?:word|wd|phrase)',
  'private_?key',
  'secret',
  'ssl_?key',
  'sys_?pswd',
  'token',
].join('|');
const SECRET_NAME = new RegExp(SECRET, 'i');
/** What stands before a secret within text: `password=`, `"password": "`, `--password `. */
const BEFORE_SECRET = `(?:${SECRET})["']?\\s*[=:]\\s*["']?|--[\\w-]*(?:${SECRET})\\s+`;
const SECRET_TEXT = new RegExp(`(${BEFORE_SECRET})[^\\s"'&,;]+`, 'gi');

export const MASK = '***';

/** Whether a field, a header or a parameter of that name holds a secret. */
export function isSecretName(name: string): boolean {
  return SECRET_NAME.test(name);
}

/** A copy in which the secrets are masked: by their names and, within text, by what stands before them. */
export function maskSecrets(value: JsonValue | undefined): JsonValue {
  if (typeof value === 'string') return value.replace(SECRET_TEXT, `$1${MASK}`);
  if (Array.isArray(value)) return value.map(maskSecrets);
  if (value === null || typeof value !== 'object') return value ?? null;
  const masked = mapValues(value, maskSecrets);
  for (const name of Object.keys(masked)) if (isSecretName(name)) masked[name] = MASK;
  return masked;
}
