import type { CodePoints } from './nodes.ts';

const LAST = 0x10ffff;

function range(first: string, last = first): CodePoints {
  return [first.charCodeAt(0), last.charCodeAt(0)];
}

const DIGIT = [range('0', '9')];
const LOWER = [range('a', 'z')];
const UPPER = [range('A', 'Z')];
const SPACE = [range('\t', '\r'), range(' ')];

/** `\d`, `\w`, `\s`. */
const letters: Record<string, readonly CodePoints[]> = {
  d: DIGIT,
  w: [...DIGIT, ...LOWER, ...UPPER, range('_')],
  s: SPACE,
};

/** `[[:digit:]]` and so on. */
export const posixClasses: Record<string, readonly CodePoints[]> = {
  alnum: [...DIGIT, ...LOWER, ...UPPER],
  alpha: [...LOWER, ...UPPER],
  blank: [range(' '), range('\t')],
  digit: DIGIT,
  lower: LOWER,
  punct: [range('!', '/'), range(':', '@'), range('[', '`'), range('{', '~')],
  space: SPACE,
  upper: UPPER,
  xdigit: [...DIGIT, range('a', 'f'), range('A', 'F')],
};

/** The ranges of `\d`, or of `\D`, which has all other characters. Undefined if there is no such class. */
export function letterClass(letter: string): readonly CodePoints[] | undefined {
  const ranges = letters[letter.toLowerCase()];
  return ranges && letter !== letter.toLowerCase() ? complement(ranges) : ranges;
}

function complement(ranges: readonly CodePoints[]): CodePoints[] {
  const others: CodePoints[] = [];
  let next = 0;
  for (const [first, last] of [...ranges].sort(([a], [b]) => a - b)) {
    if (first > next) others.push([next, first - 1]);
    next = Math.max(next, last + 1);
  }
  return [...others, [next, LAST]];
}
