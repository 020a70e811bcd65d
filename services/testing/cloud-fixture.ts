import { randomUUID } from 'node:crypto';
import { loadConfig } from '@mini-nova/config';
import { AllInOne } from '@mini-nova/daemons/compose/all-in-one';
import { type NovaConfig, novaSchema } from '@mini-nova/daemons/nova-schema';
import { silentLogger } from '@mini-nova/messaging';
import type { Launchable } from '@mini-nova/service';
import { tempDir } from '@mini-nova/testing';

export interface RunningCloud {
  /** The URL of the REST API. */
  endpoint: string;
  /** The running services, the last started first. */
  services: readonly Launchable[];
  stop(): Promise<void>;
}

const HOSTS = ['host1', 'host2'];

/** Starts a whole cloud in this process, with its own bus and database in memory, and its own port. */
export async function startCloud(
  overrides: Record<string, unknown> = {},
  computeHosts: readonly string[] = HOSTS,
): Promise<RunningCloud> {
  return runCloud(loadConfig(cloudSources(overrides)), computeHosts);
}

/** The sources of a cloud's configuration: these overrides, and what keeps it apart from other clouds. */
export function cloudSources(overrides: Record<string, unknown> = {}) {
  return {
    schema: novaSchema,
    env: {},
    configFiles: [],
    overrides: {
      'DEFAULT.host': 'control',
      'DEFAULT.state_path': tempDir(),
      'DEFAULT.transport_url': `memory://cloud-${randomUUID()}/`,
      'DEFAULT.osapi_compute_listen_port': 0,
      'DEFAULT.periodic_fuzzy_delay': 0,
      'database.connection': 'sqlite://',
      ...overrides,
    },
  };
}

export async function runCloud(
  config: NovaConfig,
  computeHosts: readonly string[] = HOSTS,
): Promise<RunningCloud> {
  const cloud = new AllInOne({ config, logger: silentLogger, computeHosts });
  const services: Launchable[] = [];
  for (const source of cloud.services) {
    const service = typeof source === 'function' ? await source() : source;
    services.unshift(service);
    await service.start();
  }
  return {
    endpoint: cloud.endpoint,
    services,
    stop: async () => {
      for (const service of services) await service.stop();
    },
  };
}
