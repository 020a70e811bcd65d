import { beforeEach, expect, it } from 'vitest';
import { type Counted, NodeUsage } from './node-usage.ts';

const tiny = { VCPU: 1, MEMORY_MB: 512 };
const small = { VCPU: 2, MEMORY_MB: 1024 };
let usage: NodeUsage;

beforeEach(() => {
  usage = new NodeUsage();
});

/** A recount that reads its records and guests before `meanwhile` happens. By default all have guests. */
function recount(
  records: [string, Record<string, number>, Partial<Counted>?][],
  meanwhile = () => {},
): Promise<void> {
  return usage.recount(async () => {
    meanwhile();
    return new Map(
      records.map(([uuid, amounts, found]) => [
        uuid,
        { amounts, hasGuest: true, isRecorded: true, ...found },
      ]),
    );
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

it('takes over the usage that the records show', async () => {
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

it('keeps a release or a claim that is newer than the records', async () => {
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

it('does not count what was given back while its record is still there', async () => {
  usage.claim('deleted', tiny);
  usage.settle('deleted');
  usage.release('deleted');

  await recount([['deleted', tiny, { hasGuest: false }]]);
  expect(usage.has('deleted')).toBe(false);

  await recount([['deleted', tiny, { hasGuest: false }]]);
  expect(usage.has('deleted')).toBe(false);
});

it('counts again what was given back when its guest exists, or when it is built again', async () => {
  usage.release('a');
  usage.release('b');

  await recount([['a', tiny]]);
  usage.claim('b', small);
  usage.settle('b');
  await recount([
    ['a', tiny],
    ['b', small, { hasGuest: false }],
  ]);

  expect([usage.has('a'), usage.has('b')]).toEqual([true, true]);
});

it('forgets that resources were given back once the record is gone', async () => {
  usage.release('a');
  await recount([]);

  await recount([['a', tiny, { hasGuest: false }]]);

  expect(usage.has('a')).toBe(true);
});

it('says which part of the usage no record explains', async () => {
  await recount([
    ['a', tiny],
    ['stray', small, { isRecorded: false }],
  ]);
  expect([usage.total('VCPU'), usage.unrecorded('VCPU')]).toEqual([3, 2]);

  usage.release('stray');
  expect([usage.total('VCPU'), usage.unrecorded('VCPU')]).toEqual([1, 0]);
});
