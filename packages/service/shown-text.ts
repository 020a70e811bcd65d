import { maskText } from '@mini-nova/masking';

/** Longer texts are cut. */
const MAX_LENGTH = 1_000;

/** A text for others to read, such as an error's message, without secrets and not too long. */
export function shownText(text: string): string {
  const masked = maskText(text);
  return masked.length > MAX_LENGTH ? `${masked.slice(0, MAX_LENGTH)}…` : masked;
}
