import type { Driver } from '@mini-nova/messaging';
import { RequestContext } from '@mini-nova/service';
import { Cloud } from '@mini-nova/services-testing/cloud';
import { expect, it } from 'vitest';
import type { FakeDriverOptions } from '../virt/fake/fake-driver.ts';

/**
 * A host with room for one instance of 512 MiB. While `recounts` is set, it recounts its usage before each RPC that it
 * sends about an instance.
 */
async function recounting(options: Partial<FakeDriverOptions> = {}) {
  const control = { recounts: false };
  let isRecounting = false;
  const cloud: Cloud = await Cloud.start({
    hosts: { host1: { memory_mb: 1024, ...options } },
    computeDriver: (inner) => beforeEachRequest(inner, recount),
  });
  const [update] = cloud.computes.get('host1')?.manager.periodicTasks() ?? [];

  async function recount() {
    if (!control.recounts || isRecounting) return;
    isRecounting = true;
    await update?.run(RequestContext.admin());
    isRecounting = false;
  }
  return { cloud, control };
}

function beforeEachRequest(inner: Driver, work: () => Promise<void>): Driver {
  return {
    send: async (target, request, options) => {
      // A report of the usage concerns no instance, and may be sent at any time.
      const isReport = JSON.stringify(request.message).includes('"ComputeNode"');
      if (options.waitForReply && !isReport) await work();
      return inner.send(target, request, options);
    },
    listen: (target, onMessage, options) => inner.listen(target, onMessage, options),
    close: () => inner.close(),
  };
}

it('a host is free for the next build as soon as a deletion has given its resources back', async () => {
  const { cloud, control } = await recounting();
  const { uuid } = await cloud.bootActive();

  control.recounts = true;
  await cloud.delete(uuid);
  expect(await cloud.settled(uuid)).toMatchObject({ vm_state: 'deleted' });
  control.recounts = false;

  await cloud.bootActive();
});

it('a host is free for the next build as soon as a failed one has given its resources back', async () => {
  const { cloud, control } = await recounting({ fail_first_spawns: 1 });

  control.recounts = true;
  const [uuid = ''] = await cloud.boot();
  expect(await cloud.settled(uuid)).toMatchObject({ vm_state: 'error', host: null });
  control.recounts = false;

  await cloud.bootActive();
});
