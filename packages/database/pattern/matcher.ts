import { InvalidPattern } from '../errors.ts';
import { contains, type PatternNode, rangesOf, type SetNode } from './nodes.ts';

/** The successors of a step; the text matches when `accept` is reached. */
type Step =
  | { type: 'accept' }
  | { type: 'set'; set: SetNode; next: Step }
  | { type: 'start' | 'end'; next: Step }
  | { type: 'either'; next: Step[] };

type SetStep = Extract<Step, { type: 'set' }>;

/** All places in the pattern at which a text may be after some of its characters. */
interface Places {
  sets: readonly SetStep[];
  /** Whether a part of what was read matches, whatever follows. */
  accepted: boolean;
  /** Whether it matches if the text ends here. */
  acceptedAtEnd: boolean;
  /** Where each kind of character leads, as far as it has been needed. */
  after: Map<number, Places>;
}

/** The most steps that are remembered; beyond this all are forgotten and recomputed, which few patterns ever need. */
const MAX_REMEMBERED = 20_000;
const MAX_FORGOTTEN = 4;

/**
 * Follows all ways through a pattern at once, so that matching takes time in proportion to the text's length.
 * JavaScript's own expressions try one way after another, which can take for ever.
 */
export class Matcher {
  readonly #first: Step;
  readonly #known = new Map<string, Places>();
  readonly #numbers = new Map<Step, number>();
  #beginning: Places | undefined;
  /** The first characters of the kinds that the pattern distinguishes. */
  readonly #kinds: readonly number[];
  #remembered = 0;
  #forgotten = 0;

  constructor(node: PatternNode) {
    this.#first = stepsOf(node, { type: 'accept' });
    const bounds = rangesOf(node).flatMap(([first, last]) => [first, last + 1]);
    this.#kinds = [...new Set([0, ...bounds])].sort((a, b) => a - b);
  }

  /** @throws InvalidPattern when it takes more work than a pattern may */
  matches(text: string): boolean {
    this.#beginning ??= this.#placesAt([this.#first], true);
    let places = this.#beginning;
    for (const character of text) {
      if (places.accepted) return true;
      places = this.#read(places, this.#kindOf(character.codePointAt(0) ?? 0));
    }
    return places.accepted || places.acceptedAtEnd;
  }

  /** The first character of a character's kind. */
  #kindOf(point: number): number {
    let low = 0;
    let high = this.#kinds.length - 1;
    while (low < high) {
      const middle = Math.ceil((low + high) / 2);
      if ((this.#kinds[middle] ?? 0) > point) high = middle - 1;
      else low = middle;
    }
    return this.#kinds[low] ?? 0;
  }

  #read(places: Places, kind: number): Places {
    const known = places.after.get(kind);
    if (known) return known;
    if (this.#remembered > MAX_REMEMBERED) this.#forget();
    // A match may begin after any character.
    const next = places.sets.filter(({ set }) => contains(set, kind)).map((step) => step.next);
    const read = this.#placesAt([...next, this.#first], false);
    places.after.set(kind, read);
    this.#remembered += 1 + read.sets.length;
    return read;
  }

  #placesAt(steps: readonly Step[], atStart: boolean): Places {
    const { sets, accepted, stopped } = reaches(steps, { atStart, atEnd: false });
    const acceptedAtEnd = stopped && reaches(steps, { atStart, atEnd: true }).accepted;
    const key = `${accepted} ${acceptedAtEnd} ${sets
      .map((step) => this.#numberOf(step))
      .sort()
      .join()}`;
    const known = this.#known.get(key);
    if (known) return known;
    const places: Places = { sets, accepted, acceptedAtEnd, after: new Map() };
    this.#known.set(key, places);
    return places;
  }

  #numberOf(step: Step): number {
    const number = this.#numbers.get(step) ?? this.#numbers.size;
    this.#numbers.set(step, number);
    return number;
  }

  #forget(): void {
    this.#forgotten += 1;
    if (this.#forgotten > MAX_FORGOTTEN) throw new InvalidPattern('it takes too much work');
    for (const places of this.#known.values()) places.after.clear();
    this.#known.clear();
    this.#beginning = undefined;
    this.#remembered = 0;
  }
}

/** The characters that may come next, whether none is needed, and whether some way continues only at the text's end. */
function reaches(
  steps: readonly Step[],
  { atStart, atEnd }: { atStart: boolean; atEnd: boolean },
): { sets: SetStep[]; accepted: boolean; stopped: boolean } {
  const seen = new Set<Step>();
  const sets: SetStep[] = [];
  const open = [...steps];
  let accepted = false;
  let stopped = false;
  for (let step = open.pop(); step; step = open.pop()) {
    if (seen.has(step)) continue;
    seen.add(step);
    if (step.type === 'accept') accepted = true;
    else if (step.type === 'set') sets.push(step);
    else if (step.type === 'either') open.push(...step.next);
    else if (step.type === 'start' ? atStart : atEnd) open.push(step.next);
    else if (step.type === 'end') stopped = true;
  }
  return { sets, accepted, stopped };
}

/** The steps of a node, and then `next`. */
function stepsOf(node: PatternNode, next: Step): Step {
  switch (node.type) {
    case 'set':
      return { type: 'set', set: node, next };
    case 'start':
    case 'end':
      return { type: node.type, next };
    case 'choice':
      return { type: 'either', next: node.nodes.map((each) => stepsOf(each, next)) };
    case 'sequence':
      return node.nodes.reduceRight((following, each) => stepsOf(each, following), next);
    case 'repeat':
      return repeatedSteps(node, next);
  }
}

function repeatedSteps({ node, min, max }: Extract<PatternNode, { type: 'repeat' }>, next: Step): Step {
  let steps = next;
  if (max === Infinity) {
    const loop: Extract<Step, { type: 'either' }> = { type: 'either', next: [next] };
    loop.next.push(stepsOf(node, loop));
    steps = loop;
  } else {
    for (let count = min; count < max; count++) {
      steps = { type: 'either', next: [next, stepsOf(node, steps)] };
    }
  }
  for (let count = 0; count < min; count++) steps = stepsOf(node, steps);
  return steps;
}
