import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { loadConfig } from '@mini-nova/config';
import type { Logger } from '@mini-nova/messaging';
import type { Launchable } from '@mini-nova/service';
import { AllInOne } from '../compose/all-in-one.ts';
import { novaSchema } from '../nova-schema.ts';
import { DemoClient } from './demo-client.ts';
import { Timeline, type TimelineEntry } from './timeline.ts';

export interface DemoResult {
  id: string;
  status: string;
  host: string | null;
  timeline: TimelineEntry[];
}

export interface DemoOptions {
  computeHosts: readonly string[];
  logger: Logger;
  /** Ends the demo early. */
  signal: AbortSignal;
}

/** Boots and deletes one instance in a cloud of its own, of which nothing is left afterwards. */
export async function runDemo({ computeHosts, logger, signal }: DemoOptions): Promise<DemoResult> {
  const folder = await mkdtemp(join(tmpdir(), 'mini-nova-demo-'));
  const timeline = new Timeline();
  const cloud = new AllInOne({
    config: demoConfig(folder),
    logger,
    computeHosts,
    hooks: [timeline],
    onStateChange: timeline.onStateChange,
  });
  const started: Launchable[] = [];
  try {
    for (const source of cloud.services) {
      const service = typeof source === 'function' ? await source() : source;
      started.push(service);
      await service.start();
    }
    const client = new DemoClient(cloud.endpoint, timeline, signal);
    const server = await client.boot('demo');
    await client.delete(server.id);
    const { id, status, 'OS-EXT-SRV-ATTR:host': host } = server;
    return { id, status, host, timeline: timeline.entries() };
  } finally {
    for (const service of started.reverse()) await service.stop();
    await rm(folder, { recursive: true, force: true });
  }
}

/** The same for everyone: neither the environment nor a configuration file has a say. */
function demoConfig(folder: string) {
  return loadConfig({
    schema: novaSchema,
    env: {},
    configFiles: [],
    overrides: {
      'DEFAULT.host': 'demo',
      'DEFAULT.state_path': folder,
      'DEFAULT.transport_url': 'memory://demo/',
      'DEFAULT.osapi_compute_listen_port': 0,
      'database.connection': `sqlite:///${join(folder, 'nova.sqlite')}`,
      // Long enough to be seen in the timeline.
      'fake.spawn_delay': 0.1,
    },
  });
}
