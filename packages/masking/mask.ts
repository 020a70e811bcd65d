import { isSecretName, SECRET_NAME } from './secret-names.ts';

/** What stands in the place of a secret. */
export const MASK = '***';

const SCHEME = /^[a-z][a-z0-9+.-]*:\/\//i;

/** The hosts of a URL in a text, and the rest of it: blanks, quotation marks and angle brackets end it. */
const URL_REST = /:\/\/([^\s"'<>/?#]*)([^\s"'<>]*)/g;

/** `host`, `host:5672`, `[::1]:5672`. */
const HOST = /^(?:\[[^\]]*\]|[^:[\]]*)(?::\d*)?$/;

/** A host by whose form nobody takes it for a part of a password. */
const KNOWN_HOST = /^(?:\[[\da-f:.%]+\]|[\w.-]+)(?::\d+)?$/i;
const USER = /@/;
const USER_WITH_PASSWORD = /^[\w.%+~-]+:.*@/s;

/** A parameter of a URL that is a key of whatever kind: `key=`, `sslkey=`. */
const KEY_PARAMETER = /([?&;][\w.-]{0,40}key[\w.-]{0,40}=)[^&;\s"'<>]+/gi;

// All spans of these are bounded or end where they must, or a long text would take long.
const NAME = `(?:${SECRET_NAME})[\\w-]{0,30}`;
/** The colon before the port of a URL gives nothing a value. */
const SEPARATOR = '(?:=|:(?!(?<=:\\/\\/[\\w.-]{1,80}:)\\d{1,5}(?!\\w)))';
/** `password=`, `"password": `, `--password `. */
const BEFORE_VALUE = `${NAME}(?:\\\\{0,4}["'])?\\s{0,4}${SEPARATOR}\\s{0,4}|--[\\w-]{0,30}${NAME}\\s{1,4}`;
/** Up to the closing quotation mark, or to what separates it from the next. */
const VALUE = `(?:(")(?:[^"\\\\]|\\\\.)+|(')(?:[^'\\\\]|\\\\.)+|(\\\\{1,4}["'])[^"']+|(?:(?:bearer|basic)\\s{1,4})?(?:[^\\s"'&;,]|,(?![\\s"'])|["'](?=\\w))+)`;
const NAMED_SECRET = new RegExp(`(${BEFORE_VALUE})${VALUE}`, 'gis');

/**
 * Text for others to read, such as an error's message, without the secrets in it: the passwords of URLs, of each of
 * their hosts, and what stands after names such as `password`. Takes time in proportion to the text, whoever wrote it.
 */
export function maskText(text: string): string {
  return maskNamed(maskUrls(text) ?? hideToLastAt(text));
}

/** A URL without its secrets. Unlike a text it has no end but its own: what cannot be a host is taken for a password. */
export function maskUrl(url: string): string {
  const scheme = SCHEME.exec(url)?.[0];
  if (scheme === undefined) return maskNamed(url.replace(/^.*@/s, `${MASK}@`));
  const rest = url.slice(scheme.length);
  const [hosts = ''] = rest.split(/[/?#]/, 1);
  const masked = maskRest(hosts, rest.slice(hosts.length));
  return maskNamed(masked === undefined ? hideToLastAt(url) : scheme + masked);
}

/** The value of a secret as messages may show it: of a URL what is not secret, of others nothing. */
export function maskSecret(text: string): string {
  if (SCHEME.test(text)) return maskUrl(text);
  return text === '' ? '' : MASK;
}

/** A copy of a JSON value in which secrets are masked: fields by their names, and those within texts. */
export function maskValue(value: unknown): unknown {
  if (typeof value === 'string') return maskText(value);
  if (Array.isArray(value)) return value.map(maskValue);
  if (typeof value !== 'object' || value === null) return value;
  const masked = Object.entries(value).map(([name, field]) => [
    name,
    isSecretName(name) ? MASK : maskValue(field),
  ]);
  return Object.fromEntries(masked);
}

/** Undefined when an `@` stands where no URL may have one: then it may end a password, and nobody knows where that begins. */
function maskUrls(text: string): string | undefined {
  const first = text.indexOf('://');
  if (first === -1) return text;
  if (text.slice(first).replace(URL_REST, '').includes('@')) return undefined;
  let isClear = true;
  const masked = text.replace(URL_REST, (whole, hosts: string, path: string) => {
    const rest = maskRest(hosts, path);
    isClear &&= rest !== undefined;
    return rest === undefined ? whole : `://${rest}`;
  });
  return isClear ? masked : undefined;
}

/** What follows the scheme; undefined when it may be that an `@` ends a password which a comma or slash is in. */
function maskRest(hosts: string, path: string): string | undefined {
  const parts = hosts.split(',');
  const lastUser = parts.findLastIndex((part) => part.includes('@'));
  const before = parts.slice(0, lastUser + 1);
  if (path.includes('@') || (before.length > 1 && !areWholeHosts(before))) return undefined;
  const masked: string[] = [];
  for (const part of parts) {
    const at = part.lastIndexOf('@') + 1;
    const host = part.slice(at);
    const isHost = HOST.test(host);
    masked.push(hideAfterColon(part.slice(0, at), '@') + (isHost ? host : hideAfterColon(host, '')));
    // What looks like a host with a wrong port is the beginning of a password, and all after it is, too.
    if (!isHost) return masked.join();
  }
  return masked.join() + path;
}

/** Whether each is a user at a host, and after the first colon a user with a password: `u1@h1,u2:p2@h2,u3:p3@h3:5672`. */
function areWholeHosts(parts: readonly string[]): boolean {
  const colon = parts.findIndex((part) => part.includes(':'));
  return parts.every((part, index) => {
    const isLast = index === parts.length - 1;
    const pattern = colon >= 0 && index > colon ? USER_WITH_PASSWORD : USER;
    return pattern.test(part) && (isLast || KNOWN_HOST.test(part.slice(part.lastIndexOf('@') + 1)));
  });
}

// Up to the first colon is the user, who may be an address with an @.
function hideAfterColon(text: string, end: string): string {
  const colon = text.indexOf(':');
  return colon === -1 ? text : `${text.slice(0, colon)}:${MASK}${end}`;
}

/** Everything from the password of the first user of a URL to the last `@`. */
function hideToLastAt(text: string): string {
  const first = text.indexOf('://');
  const end = text.lastIndexOf('@');
  // A colon before `//` belongs to another URL.
  const afterUser = /:(?!\/\/)/g;
  afterUser.lastIndex = first + 1;
  const colon = afterUser.exec(text)?.index ?? text.length;
  return first === -1 || colon > end ? text : `${text.slice(0, colon)}:${MASK}${text.slice(end)}`;
}

function maskNamed(text: string): string {
  return text.replace(NAMED_SECRET, `$1$2$3$4${MASK}`).replace(KEY_PARAMETER, `$1${MASK}`);
}
