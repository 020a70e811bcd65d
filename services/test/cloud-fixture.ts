import { randomUUID } from 'node:crypto';
import { loadConfig } from '@mini-nova/config';
import { silentLogger } from '@mini-nova/messaging';
import type { Launchable } from '@mini-nova/service';
import { Cloud } from '../cmd/compose/cloud.ts';

export interface RunningCloud {
  /** Of the REST API. */
  endpoint: string;
  stop(): Promise<void>;
}

/** The whole cloud in this process, on a bus, a database in memory and a port of its own. */
export async function startCloud(
  overrides: Record<string, unknown> = {},
  computeHosts: readonly string[] = ['host1', 'host2'],
): Promise<RunningCloud> {
  const config = loadConfig({
    env: {},
    configFiles: [],
    overrides: {
      'DEFAULT.host': 'control',
      'DEFAULT.transport_url': `memory://cloud-${randomUUID()}/`,
      'DEFAULT.osapi_compute_listen_port': 0,
      'DEFAULT.periodic_fuzzy_delay': 0,
      'database.connection': 'sqlite://',
      ...overrides,
    },
  });
  const cloud = new Cloud({ config, logger: silentLogger, computeHosts });
  const started: Launchable[] = [];
  for (const source of cloud.services) {
    const service = typeof source === 'function' ? await source() : source;
    started.unshift(service);
    await service.start();
  }
  return {
    endpoint: cloud.endpoint,
    stop: async () => {
      for (const service of started) await service.stop();
    },
  };
}
