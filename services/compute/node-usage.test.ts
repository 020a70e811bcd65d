import { beforeEach, expect, it } from 'vitest';
import { NodeUsage } from './node-usage.ts';

const tiny = { VCPU: 1, MEMORY_MB: 512 };
const small = { VCPU: 2, MEMORY_MB: 1024 };
let usage: NodeUsage;

beforeEach(() => {
  usage = new NodeUsage();
});

/** A recount whose records were read before `meanwhile` happened. */
function recount(records: [string, Record<string, number>][], meanwhile = () => {}): Promise<void> {
  return usage.recount(async () => {
    meanwhile();
    return new Map(records);
  });
}

it('adds up what its instances use', () => {
  usage.claim('a', tiny);
  usage.claim('b', small);

  expect(usage.total('VCPU')).toBe(3);
  expect(usage.total('DISK_GB')).toBe(0);
});

it('counts an instance once, and not at all once it is released', () => {
  usage.claim('a', tiny);
  usage.claim('a', small);
  expect(usage.total('VCPU')).toBe(2);

  usage.release('a');
  expect([usage.total('VCPU'), usage.instances]).toEqual([0, 0]);
});

it('takes over what the records say', async () => {
  usage.claim('gone', tiny);
  usage.settle('gone');

  await recount([['new', small]]);

  expect([usage.has('gone'), usage.has('new'), usage.total('VCPU')]).toEqual([false, true, 2]);
});

it('keeps builds under way, which no record shows yet', async () => {
  usage.claim('building', tiny);

  await recount([]);

  expect([usage.has('building'), usage.workload]).toEqual([true, 1]);
});

it('does not take back a release or a claim that the records are too old for', async () => {
  usage.claim('deleted', tiny);
  usage.settle('deleted');

  await recount([['deleted', tiny]], () => {
    usage.release('deleted');
    usage.claim('built', small);
    usage.settle('built');
  });

  expect([usage.has('deleted'), usage.has('built')]).toEqual([false, true]);
});

it('keeps its count when the records cannot be read', async () => {
  usage.claim('a', tiny);
  usage.settle('a');
  const failing = usage.recount(async () => {
    throw new Error('no conductor');
  });

  await expect(failing).rejects.toThrow('no conductor');
  expect(usage.has('a')).toBe(true);
});
