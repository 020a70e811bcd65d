import { silentLogger } from '@mini-nova/messaging';
import { Cloud } from '@mini-nova/services-testing/cloud';
import { newInstance } from '@mini-nova/services-testing/new-objects';
import { expect, it } from 'vitest';
import { FailedBuilds, isScheduling } from './failed-builds.ts';

async function failed(isDeleted: boolean): Promise<number> {
  const cloud = await Cloud.start();
  const instance = isDeleted ? await cloud.recordOne() : newInstance();
  await cloud.claimOn(instance, 'host1');
  if (isDeleted) await cloud.instances.destroy(instance);
  const builds = new FailedBuilds({ db: cloud.db, instances: cloud.instances, logger: silentLogger });
  expect(await builds.end(instance.uuid, new Error('failed'), isScheduling)).toBe(false);
  return cloud.allocated();
}

it('gives back what was claimed for an instance that was deleted meanwhile', async () => {
  expect(await failed(true)).toBe(0);
});

it('leaves what an instance without a record holds', async () => {
  expect(await failed(false)).toBe(1);
});
