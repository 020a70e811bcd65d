import type { CodePoints, PatternNode, SetNode } from './nodes.ts';

/** As an advanced regular expression: https://www.postgresql.org/docs/current/functions-matching.html */
export function toPostgres(node: PatternNode): string {
  switch (node.type) {
    case 'start':
      return '^';
    case 'end':
      return '$';
    case 'set':
      return setText(node);
    case 'sequence':
      return node.nodes.map((each) => (each.type === 'choice' ? grouped(each) : toPostgres(each))).join('');
    case 'choice':
      return node.nodes.map(toPostgres).join('|');
    case 'repeat':
      return `${node.node.type === 'set' ? toPostgres(node.node) : grouped(node.node)}${countText(node)}`;
  }
}

function grouped(node: PatternNode): string {
  return `(?:${toPostgres(node)})`;
}

function countText({ min, max }: { min: number; max: number }): string {
  return max === Infinity ? `{${min},}` : `{${min},${max}}`;
}

function setText({ negated, ranges }: SetNode): string {
  const [only] = ranges;
  if (!negated && ranges.length === 1 && only && only[0] === only[1]) return characterText(only[0]);
  return `[${negated ? '^' : ''}${ranges.map(rangeText).join('')}]`;
}

function rangeText([first, last]: CodePoints): string {
  return first === last ? characterText(first) : `${characterText(first)}-${characterText(last)}`;
}

/** Letters and digits as they are, and characters with a special meaning by number. */
function characterText(point: number): string {
  const text = String.fromCodePoint(point);
  if (/^[a-z0-9]$/i.test(text)) return text;
  // A database that is not in UTF-8 numbers characters beyond ASCII differently.
  const isEntered = point > 0x7f && point < 0x10ffff;
  return isEntered ? text : `\\U${point.toString(16).padStart(8, '0')}`;
}
