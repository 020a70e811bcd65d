/** First and last code point. */
export type CodePoints = readonly [first: number, last: number];

export type PatternNode =
  /** One character of these, or of all others. */
  | { type: 'set'; negated: boolean; ranges: readonly CodePoints[] }
  /** Where the text begins, or ends. */
  | { type: 'start' }
  | { type: 'end' }
  | { type: 'sequence'; nodes: readonly PatternNode[] }
  | { type: 'choice'; nodes: readonly PatternNode[] }
  /** `max` may be Infinity. */
  | { type: 'repeat'; node: PatternNode; min: number; max: number };

export type SetNode = Extract<PatternNode, { type: 'set' }>;

export function contains({ negated, ranges }: SetNode, point: number): boolean {
  return ranges.some(([first, last]) => point >= first && point <= last) !== negated;
}

/** The number of steps when every repetition is expanded. */
export function sizeOf(node: PatternNode): number {
  switch (node.type) {
    case 'sequence':
    case 'choice':
      return node.nodes.reduce((sum, each) => sum + 1 + sizeOf(each), 1);
    case 'repeat':
      return (1 + sizeOf(node.node)) * Math.max(1, node.max === Infinity ? node.min + 1 : node.max);
    default:
      return 1;
  }
}

/** All ranges of characters that it distinguishes. */
export function rangesOf(node: PatternNode): CodePoints[] {
  switch (node.type) {
    case 'set':
      return [...node.ranges];
    case 'sequence':
    case 'choice':
      return node.nodes.flatMap(rangesOf);
    case 'repeat':
      return rangesOf(node.node);
    default:
      return [];
  }
}
