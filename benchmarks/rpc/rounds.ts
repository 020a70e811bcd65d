import { rotated } from '../shared/rotated.ts';
import type { ContenderInfo } from './contenders.ts';
import type { ContenderRounds } from './figures.ts';
import { Pair } from './pair.ts';

export interface RoundsOptions {
  /** The broker: amqp://… */
  url: string;
  contenders: readonly ContenderInfo[];
  rounds: number;
  /** How long each measurement takes. */
  seconds: number;
  inFlight: readonly number[];
  casts: boolean;
  memory: boolean;
  /** A folder for CPU profiles of the first round. */
  profiles: string | undefined;
  /** Called with progress messages. */
  log(line: string): void;
}

const WARM_UP_SECONDS = 1.5;
const CASTS_IN_FLIGHT = 256;
const HELD_CALLS = 10_000;

interface Entry {
  pair: Pair;
  measured: ContenderRounds;
}

/**
 * Measures the contenders in turns: each round measures all of them in a different order, so that other activity on
 * the machine affects all alike. A contender that cannot be started is left out, with a line that says why.
 */
export async function runRounds(options: RoundsOptions): Promise<ContenderRounds[]> {
  const entries: Entry[] = [];
  try {
    for (const info of options.contenders) {
      const entry = await startEntry(info, options);
      if (entry !== undefined) entries.push(entry);
    }
    for (let round = 0; round < options.rounds; round += 1) {
      options.log(`round ${round + 1} of ${options.rounds}`);
      await measureAll(rotated(entries, round), round, options);
    }
    if (options.memory) for (const entry of entries) await measureMemory(entry);
  } finally {
    await Promise.all(entries.map(({ pair }) => pair.stop()));
  }
  return entries.map(({ measured }) => measured);
}

async function startEntry(info: ContenderInfo, { url, log }: RoundsOptions): Promise<Entry | undefined> {
  log(`starting ${info.title}`);
  try {
    const pair = await Pair.start(info, url);
    await pair.warmUp(WARM_UP_SECONDS);
    return { pair, measured: { id: info.id, title: info.title, calls: {}, casts: [], memory: null } };
  } catch (error) {
    log(`${info.title} is missing: ${error instanceof Error ? error.message : String(error)}`);
    return undefined;
  }
}

/** Load by load, so that what is compared was measured within seconds of each other. */
async function measureAll(entries: readonly Entry[], round: number, options: RoundsOptions): Promise<void> {
  const { inFlight, seconds, casts } = options;
  const profiles = round === 0 ? options.profiles : undefined;
  for (const count of inFlight) {
    for (const { pair, measured } of entries) {
      const figures = await pair.calls(count, seconds, profiles);
      measured.calls[count] = [...(measured.calls[count] ?? []), figures];
    }
  }
  if (!casts) return;
  for (const { pair, measured } of entries) measured.casts.push(await pair.casts(CASTS_IN_FLIGHT, seconds));
}

async function measureMemory({ pair, measured }: Entry): Promise<void> {
  if (pair.info.holdsCalls) measured.memory = await pair.memory(HELD_CALLS);
}
