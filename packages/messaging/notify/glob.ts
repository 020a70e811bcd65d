/**
 * A shell pattern as an expression that matches whole texts: `*` stands for any characters, `?` for one, `[abc]` and
 * `[a-z]` for one of them, `[!abc]` for one other. Unlike in paths, `*` matches dots and slashes too.
 * @throws SyntaxError when a set has a range that runs backwards
 */
export function globExpression(pattern: string): RegExp {
  const source = pattern.replace(PART, (part, not: string | undefined, set: string) => {
    if (not !== undefined) return `[${not && '^'}${set.replace(/[\\\][^]/g, '\\$&')}]`;
    if (part === '*') return '.*';
    if (part === '?') return '.';
    return part.replace(/[\\^$.+()[\]{}|/]/, '\\$&');
  });
  return new RegExp(`^${source}$`, 's');
}

/** A set, whose first character may be a closing bracket, or any one character. */
const PART = /\[(!?)(\][^\]]*|[^\]]+)\]|./gs;
