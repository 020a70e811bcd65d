import { setTimeout as sleep } from 'node:timers/promises';
import { openDatabase } from '@mini-nova/data/database';
import type { DatabaseKind } from '@mini-nova/deployment';
import { tempDir } from '@mini-nova/testing';
import { startCloud } from '../cloud.ts';
import { Ledger } from '../ledger.ts';
import { findTemplate, Rest } from '../rest.ts';
import { currentProblems, type Settling, type Sight, settle } from '../settle.ts';
import { Control } from './control.ts';
import type { Scenario } from './scenarios.ts';

export interface TrialOptions {
  database: DatabaseKind;
  /** `instance_build_timeout`, in seconds. */
  timeout: number;
  /** Seconds after which everything must be at rest. */
  limit: number;
  /** The favourite host cannot spawn. */
  rescheduled: boolean;
}

export interface Result {
  scenario: string;
  point: string;
  /** False if the point was not passed this time. */
  killed: boolean;
  settling: Settling;
}

const GOOD = 'host-good';
const BAD = 'host-bad';
/** Seconds in which a scenario must reach its point or its end. */
const PATIENCE = 30;
/** Milliseconds between two checks. */
const PAUSE = 200;

/** A cloud whose processes kill themselves at points of a scenario. */
export class Trial {
  readonly #sight: Sight;
  readonly #rest: Rest;
  readonly #control: Control;
  readonly #limit: number;
  #runs = 0;

  private constructor(sight: Sight, rest: Rest, control: Control, limit: number) {
    this.#sight = sight;
    this.#rest = rest;
    this.#control = control;
    this.#limit = limit;
  }

  static async start({ database, timeout, limit, rescheduled }: TrialOptions): Promise<Trial> {
    const folder = tempDir('mini-nova-kill-points-');
    const computes = rescheduled ? [GOOD, BAD] : [GOOD];
    const cloud = await startCloud({ database, computes, envOf: environmentOf(folder, timeout) });
    const { endpoint, databaseUrl } = cloud.deployment;
    const ledger = new Ledger();
    const rest = new Rest(endpoint, await findTemplate(endpoint), ledger);
    const sight = { cloud, db: await openDatabase(databaseUrl), computes, expected: ledger };
    return new Trial(sight, rest, new Control(folder), limit);
  }

  /** The points that the scenario passes when nobody is killed. */
  async points(scenario: Scenario): Promise<string[]> {
    await this.#run(scenario, null);
    return this.#control.passed;
  }

  /** Kills a process at a point, starts it again, and waits until everything is at rest. */
  async killAt(scenario: Scenario, point: string): Promise<Result> {
    const { deployment } = this.#sight.cloud;
    await this.#run(scenario, point);
    const { ended } = deployment;
    for (const name of ended) await deployment.start(name);
    const settling = await this.#settle();
    await deployment.allUp();
    return { scenario: scenario.name, point, killed: ended.length > 0, settling };
  }

  get output(): string {
    return this.#sight.cloud.deployment.output;
  }

  async close(): Promise<void> {
    await this.#sight.db.close();
    await this.#sight.cloud.deployment.close();
  }

  async #run(scenario: Scenario, killAt: string | null): Promise<void> {
    await this.#clear();
    const server = (await scenario.prepare?.(this.#rest)) ?? '';
    await this.#settle();
    this.#control.forget();
    this.#runs += 1;
    this.#control.give({ run: String(this.#runs), killAt });
    await scenario.act(this.#rest, server);
    await this.#killOrEnd();
    this.#control.give({ run: null, killAt: null });
  }

  /** Servers of earlier runs would fill the hosts. */
  async #clear(): Promise<void> {
    for (const server of await this.#rest.servers()) await this.#rest.delete(server);
    await this.#settle();
  }

  /** Resolves when a process was killed, or nothing happens any more. */
  async #killOrEnd(): Promise<void> {
    const { deployment } = this.#sight.cloud;
    const start = performance.now();
    for (let quiet = 0; quiet < 3 && performance.now() - start < PATIENCE * 1000; ) {
      const before = this.#control.passed.length;
      await sleep(PAUSE);
      if (deployment.ended.length > 0) return;
      const isQuiet =
        this.#control.passed.length === before && (await currentProblems(this.#sight)).length === 0;
      quiet = isQuiet ? quiet + 1 : 0;
    }
  }

  #settle(): Promise<Settling> {
    return settle(this.#sight, this.#limit);
  }
}

/** The environment of each daemon, by its host's name. */
function environmentOf(folder: string, timeout: number): (name: string) => Record<string, string> {
  const instrument = new URL('./instrument.js', import.meta.url);
  return (name) => ({
    NODE_OPTIONS: `--import=${instrument.href}`,
    CHAOS_CONTROL: folder,
    CHAOS_NAME: name,
    OS_DEFAULT__INSTANCE_BUILD_TIMEOUT: String(timeout),
    ...(name === 'nova-api' && { CHAOS_COUNTS_ALL: '1' }),
    // The host with more memory is tried first.
    ...(name === BAD && { OS_FAKE__FAIL_SPAWN: 'true', OS_FAKE__MEMORY_MB: '1000000' }),
  });
}
