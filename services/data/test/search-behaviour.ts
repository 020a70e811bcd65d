import { Pattern, type SortKey } from '@mini-nova/database';
import { beforeEach, describe, expect, it } from 'vitest';
import type { Database } from '../database.ts';
import { findFlavorByFlavorid, insertFlavor, listFlavors } from '../flavors/store.ts';
import { findInstance, insertInstance, softDeleteInstance } from '../instances/queries.ts';
import { type InstanceCondition, type InstanceSearch, searchInstances } from '../instances/search.ts';
import { ensureNetwork } from '../networks/queries.ts';
import { allocatePort } from '../ports/queries.ts';
import { AT, newInstance } from './rows.ts';

const LATER = '2026-01-31T12:01:00.000Z';

const like = (source: string) => Pattern.parse(source);

export function describeSearches(db: () => Database): void {
  async function found(search: InstanceSearch): Promise<string[]> {
    return (await searchInstances(db().kysely, search)).map(({ uuid }) => uuid);
  }

  describe('a search for instances', () => {
    beforeEach(async () => {
      const rows = [
        { uuid: 'a', display_name: 'web-1', power_state: 1, auto_disk_config: true, host: 'h1' },
        { uuid: 'b', display_name: 'web-12', vm_state: 'active', task_state: null, instance_type_id: 2 },
        { uuid: 'c', display_name: 'Über 100%', launched_at: '2026-01-31T12:00:05.250Z', host: 'h2' },
        { uuid: 'd', display_name: null, updated_at: LATER, progress: 10, host: 'h1' },
        { uuid: 'e', display_name: 'gone' },
      ];
      for (const row of rows) await insertInstance(db().kysely, newInstance(row));
      await softDeleteInstance(db().kysely, 'e', LATER);
      const { uuid: network } = await ensureNetwork(db().kysely, { label: 'private', cidr: '10.0.0.0/24' });
      for (const [deviceUuid, fixedIp] of [
        ['a', '10.0.0.5'],
        ['b', '10.0.0.55'],
      ] as const) {
        await allocatePort(db(), { networkUuid: network, deviceUuid, fixedIp, host: null });
      }
    });

    const conditions: [InstanceCondition, string[]][] = [
      [{ column: 'host', in: ['h1'] }, ['d', 'a']],
      [{ column: 'host', in: ['h2', null] }, ['c', 'b']],
      [{ column: 'host', in: [] }, []],
      [{ column: 'display_name', matches: like('web') }, ['b', 'a']],
      [{ column: 'display_name', matches: like('WEB') }, []],
      [{ column: 'display_name', matches: like('^web-1$') }, ['a']],
      [{ column: 'display_name', matches: like('1.?$|%') }, ['c', 'b', 'a']],
      [{ column: 'display_name', matches: like('^Ü') }, ['c']],
      [{ column: 'display_name', matches: like('[^[:alnum:] -]') }, ['c']],
      [{ column: 'power_state', matches: like('1') }, ['a']],
      [{ column: 'progress', matches: like('^1') }, ['d']],
      [{ column: 'created_at', matches: like('^2026-01-31T12:00:00Z$') }, ['d', 'c', 'b', 'a']],
      [{ column: 'launched_at', matches: like('^2026-01-31T12:00:05.250000$') }, ['c']],
      [{ states: [{ vmState: 'active' }] }, ['b']],
      [
        {
          states: [
            { vmState: 'active', taskStates: ['x'] },
            { vmState: 'building', taskStates: ['scheduling'] },
          ],
        },
        ['d', 'c', 'a'],
      ],
      [{ states: [] }, []],
      [{ flavor: 2 }, ['b']],
      [{ autoDiskConfig: true }, ['a']],
      [{ autoDiskConfig: false }, ['d', 'c', 'b']],
      [{ changedSince: LATER }, ['d']],
      [{ changedSince: AT }, ['d', 'c', 'b', 'a']],
      [{ addresses: { 4: like('10.0.0.5') } }, ['b', 'a']],
      [{ addresses: { 4: like('^10\\.0\\.0\\.5$') } }, ['a']],
      [{ addresses: { 6: like('.') } }, []],
      [{ addresses: { 4: like('55'), 6: like('.') } }, ['b']],
    ];

    it.each(conditions)('finds the instances that fulfil %o', async (condition, uuids) => {
      expect(await found({ conditions: [condition] })).toEqual(uuids);
    });

    it('finds the instances that fulfil all conditions, newest first', async () => {
      expect(await found({})).toEqual(['d', 'c', 'b', 'a']);
      const conditions: InstanceCondition[] = [
        { column: 'host', in: ['h1'] },
        { column: 'display_name', matches: like('web') },
      ];
      expect(await found({ conditions })).toEqual(['a']);
    });

    it('finds deleted instances when asked to', async () => {
      expect(await found({ deleted: true })).toEqual(['e']);
      expect(await found({ deleted: 'any', conditions: [{ changedSince: LATER }] })).toEqual(['e', 'd']);
    });

    const keys = (column: string, direction: 'asc' | 'desc'): SortKey[] => [
      { column, direction },
      { column: 'id', direction },
    ];
    const orders: [SortKey[], string[]][] = [
      [keys('display_name', 'asc'), ['d', 'a', 'b', 'c']],
      [keys('display_name', 'desc'), ['c', 'b', 'a', 'd']],
      [keys('host', 'asc'), ['b', 'a', 'd', 'c']],
      [keys('host', 'desc'), ['c', 'd', 'a', 'b']],
      [keys('power_state', 'desc'), ['a', 'd', 'c', 'b']],
      [keys('auto_disk_config', 'asc'), ['b', 'c', 'd', 'a']],
      [keys('created_at', 'asc'), ['a', 'b', 'c', 'd']],
      [
        [{ column: 'host', direction: 'asc' }, ...keys('display_name', 'desc')],
        ['b', 'a', 'd', 'c'],
      ],
    ];

    it.each(orders)('is sorted by %o, also in pages', async (sort, uuids) => {
      expect(await found({ sort })).toEqual(uuids);
      for (const [place, uuid] of uuids.entries()) {
        const after = await findInstance(db().kysely, uuid);
        if (!after) throw new Error(`no instance ${uuid}`);
        expect(await found({ sort, after, limit: 2 })).toEqual(uuids.slice(place + 1, place + 3));
      }
    });
  });

  // Both databases must understand the patterns that the parser accepts, and agree on what they match.
  it.each([
    '^(?:a|b)*$',
    'a|',
    '()',
    '(|a)(b|)c',
    '(^)a($)',
    '(a|b){2,3}c',
    'a{1,}b{,2}$',
    'x.y',
    'x\\.y',
    '[]a^-]$',
    '[^]^-]',
    '\\D',
    '^[\\W]',
    '^\\S+\\s\\S+$',
    '[[:punct:]]',
    '[Ü-ü]',
    '\\u00dc',
    '\\{\\}|\\\\',
    '^.$',
    '.{3,5}?x',
    '(((a?){3}b?){2}c?){2}$',
  ])('matches the pattern %s as JavaScript does', async (source) => {
    const names = [
      '',
      'a',
      'ab',
      'aabbc',
      'x.y',
      'xay',
      'a]',
      '^',
      '-',
      'my web',
      'Über',
      'ü',
      '{}',
      '\\',
      '\u{1F600}',
      'abcx',
    ];
    for (const name of names)
      await insertInstance(db().kysely, newInstance({ uuid: `=${name}`, display_name: name }));
    const pattern = like(source);
    const conditions: InstanceCondition[] = [{ column: 'display_name', matches: pattern }];
    const expected = names.filter((name) => pattern.matches(name)).map((name) => `=${name}`);
    expect((await found({ conditions })).reverse()).toEqual(expected);
  });

  describe('a list of flavors', () => {
    const ids = async (search: Parameters<typeof listFlavors>[1]) =>
      (await listFlavors(db().kysely, search)).map(({ flavorid }) => flavorid);

    it('can be filtered, sorted and read in pages', async () => {
      const values = { name: 'own', flavorid: '10', memory_mb: 2048, vcpus: 1, root_gb: 0, is_public: false };
      await insertFlavor(db().kysely, { ...values, created_at: AT });
      expect(await ids({})).toEqual(['1', '2', '3', '4', '5', '10']);
      expect(await ids({ isPublic: false })).toEqual(['10']);
      expect(await ids({ minMemoryMb: 2048, isPublic: true })).toEqual(['2', '3', '4', '5']);
      expect(await ids({ minRootGb: 80 })).toEqual(['4', '5']);
      const sort: SortKey[] = [
        { column: 'memory_mb', direction: 'desc' },
        { column: 'id', direction: 'desc' },
      ];
      expect(await ids({ sort })).toEqual(['5', '4', '3', '10', '2', '1']);
      const after = await findFlavorByFlavorid(db().kysely, '3');
      expect(after && (await ids({ sort, after, limit: 2 }))).toEqual(['10', '2']);
    });
  });
}
