import { describe, expect, vi } from 'vitest';
import { CTXT } from '../rpc-fixture.ts';
import type { UrlFactory } from '../transport-behaviour.ts';
import { rpcTest } from './rpc-test.ts';

/** Tells which server answers, and notes what it was told. */
class Station {
  readonly notes: unknown[] = [];
  readonly #name: string;

  constructor(name: string) {
    this.#name = name;
  }

  name(): string {
    return this.#name;
  }

  note(_ctxt: object, { text }: { text: unknown }): void {
    this.notes.push(text);
  }
}

export function describeRouting(url: UrlFactory): void {
  describe('a message', () => {
    rpcTest('that is cast runs once, on one server', url, async (rpc) => {
      const stations = [new Station('host1'), new Station('host2')];
      await rpc.serve(stations[0] ?? {}, { server: 'host1' });
      await rpc.serve(stations[1] ?? {}, { server: 'host2' });
      const client = rpc.client();
      expect(await client.cast(CTXT, 'note', { text: 'once' })).toBeUndefined();
      await client.prepare({ fanout: true }).cast(CTXT, 'note', { text: 'after' });
      const notes = () => stations.flatMap((station) => station.notes);
      await vi.waitFor(() => expect(notes().sort()).toEqual(['after', 'after', 'once']));
    });

    rpcTest('that is cast runs in the order of sending', url, async (rpc) => {
      const station = new Station('host1');
      await rpc.serve(station);
      const client = rpc.client();
      const numbers = Array.from({ length: 50 }, (_, index) => index);
      for (const text of numbers) await client.cast(CTXT, 'note', { text });
      await vi.waitFor(() => expect(station.notes).toHaveLength(50));
      expect(station.notes).toEqual(numbers);
    });

    rpcTest('to a server reaches that one only', url, async (rpc) => {
      for (const server of ['host1', 'host2', 'host3']) await rpc.serve(new Station(server), { server });
      const client = rpc.client();
      for (const server of ['host2', 'host3', 'host2', 'host1', 'host1', 'host1']) {
        expect(await client.prepare({ server }).call(CTXT, 'name', {})).toBe(server);
      }
    });

    rpcTest('by fanout reaches every server once', url, async (rpc) => {
      const stations = ['host1', 'host2', 'host3'].map((name) => new Station(name));
      for (const station of stations) await rpc.serve(station, { server: station.name() });
      await rpc.client({ target: { fanout: true } }).cast(CTXT, 'note', { text: 'to all' });
      await vi.waitFor(() => {
        for (const { notes } of stations) expect(notes).toEqual(['to all']);
      });
    });

    rpcTest('to a topic goes to its servers in turn', url, async (rpc) => {
      for (const server of ['host1', 'host2']) await rpc.serve(new Station(server), { server });
      const client = rpc.client();
      const names: unknown[] = [];
      for (let count = 0; count < 10; count += 1) names.push(await client.call(CTXT, 'name', {}));
      expect(names.filter((name) => name === 'host1')).toHaveLength(5);
      expect(names.filter((name) => name === 'host2')).toHaveLength(5);
    });
  });
}
