import { readFileSync, statSync } from 'node:fs';
import { type ConfigProblem, unreadable } from './config-error.ts';

/** `name = value` under `[group]`. */
export interface Assignment {
  group: string;
  name: string;
  /** Continuation lines are joined by line feeds. */
  value: string;
  /** The line of the option's name, counted from 1. */
  line: number;
}

export interface ParsedFile {
  assignments: Assignment[];
  problems: ConfigProblem[];
}

export interface ReadFile extends ParsedFile {
  /** Whether any user of the machine may read the file. */
  open: boolean;
}

/** Reads one file; a file that cannot be read is a problem as well. */
export function readConfigFile(file: string): ReadFile {
  try {
    return { ...parseConfigText(readFileSync(file, 'utf8'), file), open: othersMayRead(file) };
  } catch (error) {
    return { assignments: [], problems: [unreadable(file, error, 'file')], open: false };
  }
}

// Windows has no such bits; Node.js makes them up.
function othersMayRead(file: string): boolean {
  return process.platform !== 'win32' && (statSync(file).mode & 0o004) !== 0;
}

/** Parses the text of a file; `file` is for messages only. */
export function parseConfigText(text: string, file: string): ParsedFile {
  return new ConfigFileParser(file).parse(text);
}

/**
 * Reads oslo.config's format, which general INI readers do not: `#` and `;` start a comment only at the start of a
 * line and belong to the value elsewhere (passwords contain them), indented lines continue a value, `:` may stand for
 * `=`, one pair of quotes around a value is dropped, and no option may stand before the first group. Each malformed
 * line is one problem, and reading continues after it.
 */
class ConfigFileParser {
  readonly #file: string;
  readonly #assignments: Assignment[] = [];
  readonly #problems: ConfigProblem[] = [];
  #group: string | undefined;
  #open: Assignment | undefined;
  #line = 0;

  constructor(file: string) {
    this.#file = file;
  }

  parse(text: string): ParsedFile {
    for (const line of text.replace(/^\uFEFF/, '').split(/\r\n|\n|\r/)) {
      this.#line += 1;
      this.#readLine(line.trimEnd());
    }
    return { assignments: this.#assignments, problems: this.#problems };
  }

  #readLine(line: string): void {
    if (/^[ \t]/.test(line)) {
      this.#continueValue(line.trimStart());
      return;
    }
    this.#open = undefined;
    if (line === '' || /^[#;]/.test(line)) return;
    if (line.startsWith('[')) this.#startGroup(line);
    else this.#assign(line);
  }

  #continueValue(text: string): void {
    if (this.#open) this.#open.value += `\n${text}`;
    else this.#fail('a line that starts with blanks continues a value, but there is none above it');
  }

  #startGroup(line: string): void {
    const name = /^\[(.+)\]$/.exec(line)?.[1];
    if (name === undefined) this.#fail('a group is written [name]');
    // As in oslo.config, only DEFAULT must be in capitals.
    else this.#group = name === 'DEFAULT' ? name : name.toLowerCase();
  }

  #assign(line: string): void {
    const [, key, rest] = /^([^=:]*)[=:](.*)$/.exec(line) ?? [];
    const name = key?.trim();
    if (!name || rest === undefined) {
      this.#fail('expected "name = value", [group] or # comment');
    } else if (this.#group === undefined) {
      this.#fail(`option ${name} stands before the first [group]`);
    } else {
      this.#open = { group: this.#group, name, value: unquote(rest.trim()), line: this.#line };
      this.#assignments.push(this.#open);
    }
  }

  // The line itself is not repeated: half a value may be half a password.
  #fail(detail: string): void {
    const source = `${this.#file}:${this.#line}`;
    this.#problems.push({ code: 'UNPARSABLE_LINE', source, file: this.#file, line: this.#line, detail });
  }
}

function unquote(value: string): string {
  return /^(["'])(.*)\1$/s.exec(value)?.[2] ?? value;
}
