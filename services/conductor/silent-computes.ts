import { setTimeout as sleep } from 'node:timers/promises';
import { hasStopped, type ServiceStore } from '@mini-nova/data/services/store';
import { NoValidHost } from '@mini-nova/domain/exceptions';
import type { Service } from '@mini-nova/objects';
import type { Presence } from './presence.ts';

export interface SilentComputesOptions {
  services: ServiceStore;
  presence: Presence;
  /** `[DEFAULT] service_down_time` at present, in seconds. */
  serviceDownTime: () => number;
  /** Milliseconds between two attempts while computes may be about to report. Default 1000. */
  pause?: number;
}

/**
 * - `silent`: some may be up that had not the service down time yet to say so since an outage
 * - `heard`: all that are expected have said so since
 * - `known`: they had the time, and are down
 */
type Hearing = 'silent' | 'heard' | 'known';

/** Computes that have had no heartbeat for long, as none has while the database, the bus or the conductors are away. */
export class SilentComputes {
  readonly #options: SilentComputesOptions;

  constructor(options: SilentComputesOptions) {
    this.#options = options;
  }

  /** Schedules again when no host is found, until those that may be up have had the time to say so. */
  async outwait<T>(schedule: () => Promise<T>): Promise<T> {
    for (let hearing: Hearing = 'silent'; ; ) {
      try {
        return await schedule();
      } catch (error) {
        // What was answered before all were heard is not final.
        if (!(error instanceof NoValidHost) || hearing !== 'silent') throw error;
        hearing = await this.#listen();
        if (hearing === 'known') throw error;
      }
      if (hearing === 'silent') await sleep(this.#options.pause ?? 1000, undefined, { ref: false });
    }
  }

  async #listen(): Promise<Hearing> {
    const { services, presence, serviceDownTime } = this.#options;
    const downTime = serviceDownTime();
    if (await presence.lasts(downTime)) return 'known';
    const { objects } = await services.list({ binary: 'nova-compute' });
    const isAnySilent = objects.some((service) => isExpected(service) && !services.isUp(service, downTime));
    return isAnySilent ? 'silent' : 'heard';
  }
}

function isExpected(service: Service): boolean {
  const { disabled = false, forced_down = false } = service.values();
  return !disabled && !forced_down && !hasStopped(service);
}
