const HIDDEN = '***';

const SCHEME = /^[a-z][a-z0-9+.-]*:\/\//i;
/** `host`, `host:5672`, `[::1]:5672`. */
const HOST = /^(?:\[[^\]]*\]|[^:[\]]*)(?::\d*)?$/;

/** A parameter of a URL that holds a secret: `password`, `sslpassword`, `passwd`, `pwd`, `api_key`, `access_token`. */
const SECRET_PARAMETER = /([?&;][^=&;]*(?:pass|pwd|secret|token|key|credential)[^=&;]*=)[^&;]*/gi;

/**
 * A URL without its passwords. Everything from the first user's password to the last `@` goes, so that nothing
 * shows of a password with unescaped characters, either: `rabbit://nova:***@h2:5672/`. Where there is no `@`, what
 * cannot be a port is taken for a password.
 */
export function maskUrl(url: string): string {
  const scheme = SCHEME.exec(url)?.[0];
  const masked = scheme === undefined ? url.replace(/^.*@/s, `${HIDDEN}@`) : scheme + maskAfter(scheme, url);
  return masked.replace(SECRET_PARAMETER, `$1${HIDDEN}`);
}

/** A text that holds a secret as messages and logs may show it: of a URL what is not secret, of others nothing. */
export function maskSecret(text: string): string {
  if (SCHEME.test(text)) return maskUrl(text);
  return text === '' ? '' : HIDDEN;
}

/** A value of any type that holds a secret, in the same way. */
export function maskSecretValue(value: unknown): unknown {
  if (typeof value === 'string') return maskSecret(value);
  return value === null || value === undefined ? value : HIDDEN;
}

/** A password may have come to the wrong option: with a line that is indented by mistake, it continues the one above. */
export function withoutStraySecrets(text: string): string {
  const [first = '', ...more] = text.split('\n');
  const shown = first.replace(/(:\/\/[^:@/\s]*):[^\s]*@/g, '$1:***@');
  return more.length === 0 ? shown : `${shown} … (${more.length + 1} lines)`;
}

function maskAfter(scheme: string, url: string): string {
  const end = url.lastIndexOf('@') + 1;
  const hosts = url.slice(Math.max(end, scheme.length));
  return hideFromColon(url.slice(scheme.length, end), '@') + (areHosts(hosts) ? hosts : hideFromColon(hosts));
}

// Up to the first colon is the user, who may be an address with an @.
function hideFromColon(text: string, end = ''): string {
  const colon = text.indexOf(':');
  return colon === -1 ? text : `${text.slice(0, colon)}:${HIDDEN}${end}`;
}

function areHosts(text: string): boolean {
  const [authority = ''] = text.split(/[/?#]/, 1);
  return authority.split(',').every((host) => HOST.test(host));
}
