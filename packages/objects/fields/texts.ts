import { isIP, isIPv4, isIPv6 } from 'node:net';
import { type Field, scalar } from './field.ts';

/** Text of a given form, kept unchanged. */
export function pattern(expected: string, form: RegExp): Field<string> {
  return scalar(expected, (value) => (typeof value === 'string' && form.test(value) ? value : undefined));
}

/** A UUID with or without hyphens, kept unchanged. */
export function uuid(): Field<string> {
  return pattern('a UUID', /^[0-9a-f]{8}-?([0-9a-f]{4}-?){3}[0-9a-f]{12}$/i);
}

/**
 * One of a fixed set of words.
 * @param canonical maps older or differently written words to those of the set
 */
export function oneOf<const W extends string>(
  words: readonly W[],
  canonical: (word: string) => string = (word) => word,
): Field<W> {
  return scalar(`one of ${words.join(', ')}`, (value) => {
    const word = typeof value === 'string' ? canonical(value) : undefined;
    return words.find((known) => known === word);
  });
}

export function ipAddress(): Field<string> {
  return scalar('an IP address', (value) => readAddress(value, (text) => isIP(text) !== 0));
}

export function ipv4Address(): Field<string> {
  return scalar('an IPv4 address', (value) => readAddress(value, isIPv4));
}

export function ipv6Address(): Field<string> {
  return scalar('an IPv6 address', (value) => readAddress(value, isIPv6));
}

/** A MAC address, brought to lower case with colons. */
export function macAddress(): Field<string> {
  const form = /^[0-9a-f]{2}(:[0-9a-f]{2}){5}$/;
  return scalar('a MAC address', (value) => {
    const text = typeof value === 'string' ? value.toLowerCase().replaceAll('-', ':') : '';
    return form.test(text) ? text : undefined;
  });
}

/** Conditions on a version, separated by commas: `>=2.6,<3`. */
export function versionPredicate(): Field<string> {
  const condition = String.raw`\s*(<=|>=|<|>|!=|==)\s*[0-9][0-9A-Za-z.]*\s*`;
  return pattern('a version predicate such as >=2.6', new RegExp(`^${condition}(,${condition})*$`));
}

function readAddress(value: unknown, accepts: (text: string) => boolean): string | undefined {
  return typeof value === 'string' && accepts(value) ? value.toLowerCase() : undefined;
}

/** A class of resources, as placement names them: `VCPU`, `CUSTOM_GPU`. Brought to upper case. */
export function resourceClass(): Field<string> {
  return scalar('a resource class', (value) => {
    const name = typeof value === 'string' ? value.toUpperCase() : '';
    return /^[A-Z0-9_]+$/.test(name) ? name : undefined;
  });
}
