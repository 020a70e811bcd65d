/** A value from the strongest source, with the words that name it in errors: `--host`. */
export class Override {
  readonly value: unknown;
  readonly source: string;

  constructor(value: unknown, source: string) {
    this.value = value;
    this.source = source;
  }
}

export function isOverride(value: unknown): value is Override {
  return value instanceof Override;
}
