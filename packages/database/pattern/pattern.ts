import { InvalidPattern } from '../errors.ts';
import { Matcher } from './matcher.ts';
import { type PatternNode, sizeOf } from './nodes.ts';
import { parsePattern } from './parser.ts';
import { toPostgres } from './to-postgres.ts';

/** Limits: characters of a pattern, and its steps when its repetitions are expanded. */
const MAX_LENGTH = 512;
const MAX_SIZE = 500;

/** Patterns of recent queries, since SQLite asks for each row. */
const RECENT = 20;
const recent = new Map<string, Pattern>();

/**
 * A regular expression that users search for: it means the same on both databases and takes linear time on both. It
 * has what regular expressions have in common, with Perl's classes (`\d`, `\w`, `\s`, of ASCII) and POSIX's
 * (`[[:alpha:]]`). It has no references to groups, no look-around, no word boundaries and no flags, which databases
 * treat differently or not at all, or for which some text takes for ever. It matches anywhere in a text and is
 * case-sensitive.
 */
export class Pattern {
  readonly source: string;
  readonly #node: PatternNode;
  #matcher: Matcher | undefined;

  private constructor(source: string, node: PatternNode) {
    this.source = source;
    this.#node = node;
  }

  /** @throws InvalidPattern */
  static parse(source: string): Pattern {
    const known = recent.get(source);
    if (known) return known;
    if (source === '') throw new InvalidPattern('it is empty');
    if (source.length > MAX_LENGTH) throw new InvalidPattern(`it has more than ${MAX_LENGTH} characters`);
    const node = parsePattern(source);
    if (sizeOf(node) > MAX_SIZE) throw new InvalidPattern('it repeats too much');
    const pattern = new Pattern(source, node);
    remember(pattern);
    return pattern;
  }

  /** The same pattern as an advanced regular expression of PostgreSQL. */
  get postgres(): string {
    return toPostgres(this.#node);
  }

  /** Whether the text, or a part of it, matches. @throws InvalidPattern when that is too much work */
  matches(text: string): boolean {
    this.#matcher ??= new Matcher(this.#node);
    return this.#matcher.matches(text);
  }
}

function remember(pattern: Pattern): void {
  const [oldest] = recent.keys();
  if (recent.size >= RECENT && oldest !== undefined) recent.delete(oldest);
  recent.set(pattern.source, pattern);
}
