import { isSecretName, SECRET_NAME } from './secret-names.ts';

/** What is shown instead of a secret. */
export const MASK = '***';

const SCHEME = /^[a-z][a-z0-9+.-]*:\/\//i;

/** The hosts of a URL in a text, and the rest of it: blanks, quotation marks and angle brackets end it. */
const URL_REST = /:\/\/([^\s"'<>/?#]*)([^\s"'<>]*)/g;

/** `host`, `host:5672`, `[::1]:5672`. */
const HOST = /^(?:\[[^\]]*\]|[^:[\]]*)(?::\d*)?$/;

/** A host that cannot be mistaken for part of a password. */
const KNOWN_HOST = /^(?:\[[\da-f:.%]+\]|[\w.-]+)(?::\d+)?$/i;
const USER = /@/;
const USER_WITH_PASSWORD = /^[\w.%+~-]+:.*@/s;

/** A URL parameter that is a key of some kind: `key=`, `sslkey=`. */
const KEY_PARAMETER = /([?&;][\w.-]{0,40}key[\w.-]{0,40}=)[^&;\s"'<>]+/gi;

/** A parameter of a URL that is the whole text: only the next one ends its value. */
const PARAMETER = /([?&;])([^=&;?]*)=([^&;]*)/g;
const KEY = /key/i;

// Every repetition here is bounded or has a fixed end; otherwise a long text would take very long.
const NAME = `(?:${SECRET_NAME})[\\w-]{0,30}`;
/** The colon before a URL's port does not introduce a value. */
const SEPARATOR = '(?:=|:(?!(?<=:\\/\\/[\\w.-]{1,80}:)\\d{1,5}(?!\\w)))';
/** `password=`, `"password": `, `--password `. */
const BEFORE_VALUE = `${NAME}(?:\\\\{0,4}["'])?\\s{0,4}${SEPARATOR}\\s{0,4}|--[\\w-]{0,30}${NAME}\\s{1,4}`;
/** Up to the closing quotation mark, or to whatever separates it from the next value. */
const VALUE = `(?:(")(?:[^"\\\\]|\\\\.)+|(')(?:[^'\\\\]|\\\\.)+|(\\\\{1,4}["'])[^"']+|(?:(?:bearer|basic)\\s{1,4})?(?:[^\\s"'&;,]|,(?![\\s"'])|["'](?=\\w))+)`;
const NAMED_SECRET = new RegExp(`(${BEFORE_VALUE})${VALUE}`, 'gis');

/**
 * Text for others to read, such as an error's message, without its secrets: the password of each host of a URL, and
 * what follows names such as `password`. Takes time in proportion to the text's length, even if the text is hostile.
 */
export function maskText(text: string): string {
  return maskNamed(maskUrls(text) ?? hideToLastAt(text));
}

/** A URL without its secrets. The URL is the whole text, so whatever cannot be a host is taken for a password. */
export function maskUrl(url: string): string {
  const scheme = SCHEME.exec(url)?.[0];
  if (scheme === undefined) return maskParameters(url.replace(/^.*@/s, `${MASK}@`));
  const rest = url.slice(scheme.length);
  const [hosts = ''] = rest.split(/[/?#]/, 1);
  const masked = maskRest(hosts, rest.slice(hosts.length));
  return maskParameters(masked === undefined ? hideToLastAt(url) : scheme + masked);
}

/** A secret value as messages may show it: of a URL, the parts that are not secret; of anything else, nothing. */
export function maskSecret(text: string): string {
  if (SCHEME.test(text)) return maskUrl(text);
  return text === '' ? '' : MASK;
}

/** A copy of a JSON value with its secrets masked: fields with secret names, and secrets within texts. */
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

/** Undefined when an `@` stands where no URL may have one: it may then end a password whose beginning is unknown. */
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

/** What follows the scheme; undefined when an `@` may end a password that contains a comma or a slash. */
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
    // What looks like a host with a wrong port is the beginning of a password, and everything after it belongs to it.
    if (!isHost) return masked.join();
  }
  return masked.join() + path;
}

/** Whether each part is a user at a host, with passwords from the first colon on: `u1@h1,u2:p2@h2,u3:p3@h3:5672`. */
function areWholeHosts(parts: readonly string[]): boolean {
  const colon = parts.findIndex((part) => part.includes(':'));
  return parts.every((part, index) => {
    const isLast = index === parts.length - 1;
    const pattern = colon >= 0 && index > colon ? USER_WITH_PASSWORD : USER;
    return pattern.test(part) && (isLast || KNOWN_HOST.test(part.slice(part.lastIndexOf('@') + 1)));
  });
}

// The user ends at the first colon and may be an address with an @.
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

function maskParameters(url: string): string {
  const masked = url.replace(PARAMETER, (whole, mark: string, name: string) =>
    isSecretName(name) || KEY.test(name) ? `${mark}${name}=${MASK}` : whole,
  );
  return maskNamed(masked);
}

function maskNamed(text: string): string {
  return text.replace(NAMED_SECRET, `$1$2$3$4${MASK}`).replace(KEY_PARAMETER, `$1${MASK}`);
}
