import type { Option } from './option.ts';

/**
 * A URL without its passwords. Everything from the first user's password to the last `@` goes, so that nothing
 * shows of a password with unescaped characters, either: `rabbit://nova:***@h2:5672/`.
 */
export function maskUrl(url: string): string {
  return url
    .replace(/^([a-z][a-z0-9+.-]*:\/\/[^:@/?#]*):.*@/is, '$1:***@')
    .replace(/^(?![a-z][a-z0-9+.-]*:\/\/).*@/is, '***@')
    .replace(/([?&;][^=&;]*(?:password|secret|token)[^=&;]*=)[^&;]*/gi, '$1***');
}

/** The value of an option as messages and logs may show it. */
export function maskValue(option: Pick<Option<unknown>, 'secret'> | undefined, text: string): string {
  return option?.secret ? maskUrl(text) : text;
}
