import { InvalidPattern } from '../errors.ts';
import { letterClass, posixClasses } from './classes.ts';
import type { CodePoints, PatternNode, SetNode } from './nodes.ts';

/** PostgreSQL's highest count of a repetition. */
const MAX_COUNT = 255;

const controls: Record<string, string> = { n: '\n', t: '\t', r: '\r', f: '\f', v: '\v', a: '\x07' };

/** @throws InvalidPattern */
export function parsePattern(source: string): PatternNode {
  return new Parser(source).pattern();
}

class Parser {
  readonly #source: string;
  #at = 0;

  constructor(source: string) {
    this.#source = source;
  }

  pattern(): PatternNode {
    const node = this.#choice();
    if (this.#at < this.#source.length) throw new InvalidPattern('a ) has no (');
    return node;
  }

  #choice(): PatternNode {
    const nodes = [this.#sequence()];
    while (this.#take('|')) nodes.push(this.#sequence());
    const [only] = nodes;
    return nodes.length === 1 && only ? only : { type: 'choice', nodes };
  }

  #sequence(): PatternNode {
    const nodes: PatternNode[] = [];
    while (this.#at < this.#source.length && !this.#sees('|') && !this.#sees(')')) {
      nodes.push(this.#repeated(this.#atom()));
    }
    const [only] = nodes;
    return nodes.length === 1 && only ? only : { type: 'sequence', nodes };
  }

  #atom(): PatternNode {
    if (this.#take('(')) return this.#group();
    if (this.#take('[')) return this.#set();
    if (this.#take('.')) return { type: 'set', negated: true, ranges: [[10, 10]] };
    if (this.#take('^')) return { type: 'start' };
    if (this.#take('$')) return { type: 'end' };
    if (this.#take('\\')) return this.#escape();
    if (/[*+?]/.test(this.#next())) throw new InvalidPattern(`there is nothing that ${this.#next()} repeats`);
    return literal(this.#character());
  }

  #group(): PatternNode {
    if (this.#sees('?') && !this.#take('?:')) throw new InvalidPattern('(? is supported as (?: only');
    const node = this.#choice();
    if (!this.#take(')')) throw new InvalidPattern('a ( has no )');
    // A group is a unit, whatever is in it.
    return { type: 'sequence', nodes: [node] };
  }

  #repeated(node: PatternNode): PatternNode {
    const counts = this.#counts();
    if (!counts) return node;
    if (node.type === 'start' || node.type === 'end') throw new InvalidPattern('^ and $ cannot be repeated');
    // Lazy or not, a repetition matches the same texts.
    this.#take('?');
    if (this.#counts()) throw new InvalidPattern('a repetition cannot be repeated');
    return { type: 'repeat', node, ...counts };
  }

  #counts(): { min: number; max: number } | undefined {
    if (this.#take('*')) return { min: 0, max: Infinity };
    if (this.#take('+')) return { min: 1, max: Infinity };
    if (this.#take('?')) return { min: 0, max: 1 };
    const [text, first = '', rest] = this.#match(/\{(\d*)(,\d*)?\}/y) ?? [];
    if (text === undefined || text === '{}') return undefined;
    this.#at += text.length;
    const min = Number(first);
    const max = rest === undefined ? min : rest === ',' ? Infinity : Number(rest.slice(1));
    if (min > max) throw new InvalidPattern('a repetition has its lower limit above its upper one');
    if (min > MAX_COUNT || (max > MAX_COUNT && max !== Infinity)) {
      throw new InvalidPattern(`a repetition has a limit above ${MAX_COUNT}`);
    }
    return { min, max };
  }

  #escape(): PatternNode {
    if (this.#take('A')) return { type: 'start' };
    if (this.#take('Z')) return { type: 'end' };
    const ranges = letterClass(this.#next());
    if (!ranges) return literal(this.#escapedCharacter());
    this.#character();
    return { type: 'set', negated: false, ranges };
  }

  /** What follows a backslash, as one character. */
  #escapedCharacter(): number {
    const hex = this.#match(/x([0-9a-f]{2})|u([0-9a-f]{4})/iy);
    if (hex) {
      this.#at += hex[0].length;
      return Number.parseInt(hex[1] ?? hex[2] ?? '', 16);
    }
    const letter = this.#next();
    if (letter === '') throw new InvalidPattern('it ends with a \\');
    const control = controls[letter];
    if (control === undefined && /[a-z0-9]/i.test(letter)) {
      throw new InvalidPattern(`\\${letter} is not supported`);
    }
    const point = this.#character();
    return control === undefined ? point : control.charCodeAt(0);
  }

  #set(): SetNode {
    const negated = this.#take('^');
    const ranges: CodePoints[] = [];
    // A ] that comes first is one of the characters.
    for (let isFirst = true; isFirst || !this.#take(']'); isFirst = false) {
      if (this.#at >= this.#source.length) throw new InvalidPattern('a [ has no ]');
      ranges.push(...this.#member());
    }
    return { type: 'set', negated, ranges };
  }

  #member(): readonly CodePoints[] {
    const whole = this.#wholeClass();
    if (whole) return whole;
    const first = this.#take('\\') ? this.#escapedCharacter() : this.#character();
    if (!this.#match(/-[^\]]/y)) return [[first, first]];
    this.#take('-');
    if (this.#sees('[:')) throw new InvalidPattern('a range ends with a character');
    const last = this.#take('\\') ? this.#escapedCharacter() : this.#character();
    if (first > last) throw new InvalidPattern('a range goes backwards');
    return [[first, last]];
  }

  #wholeClass(): readonly CodePoints[] | undefined {
    const [text, name = ''] = this.#match(/\[[:.=](.*?)[:.=]\]/y) ?? [];
    if (text !== undefined) {
      const ranges = text.startsWith('[:') && Object.hasOwn(posixClasses, name) && posixClasses[name];
      if (!ranges) throw new InvalidPattern(`there is no class ${text}`);
      this.#at += text.length;
      return ranges;
    }
    const ranges = this.#sees('\\') ? letterClass(this.#source.charAt(this.#at + 1)) : undefined;
    if (ranges) this.#at += 2;
    return ranges;
  }

  #character(): number {
    const point = this.#source.codePointAt(this.#at);
    if (point === undefined) throw new InvalidPattern('it ends too early');
    this.#at += point > 0xffff ? 2 : 1;
    return point;
  }

  #next(): string {
    return this.#source.charAt(this.#at);
  }

  #sees(text: string): boolean {
    return this.#source.startsWith(text, this.#at);
  }

  #take(text: string): boolean {
    const found = this.#sees(text);
    if (found) this.#at += text.length;
    return found;
  }

  /** What a sticky expression matches here. */
  #match(expression: RegExp): RegExpExecArray | null {
    expression.lastIndex = this.#at;
    return expression.exec(this.#source);
  }
}

function literal(point: number): SetNode {
  return { type: 'set', negated: false, ranges: [[point, point]] };
}
