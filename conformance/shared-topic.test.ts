import { describe, expect, test, vi } from 'vitest';
import { CTXT } from '../packages/messaging/test/rpc-fixture.ts';
import { BothEnds } from './support/both-ends.ts';

const ends = BothEnds.use();

/** A server in Python and one of ours on the test's topic; returns what ours notes. */
async function serveBoth(): Promise<unknown[]> {
  const notes: unknown[] = [];
  await ends.servePython();
  await ends.serve({
    evaluate: () => 'ts',
    note: (_ctxt: object, { value }: { value: unknown }) => void notes.push(value),
  });
  return notes;
}

const WHO = { method: 'evaluate', args: { expression: '"py"' } };

const callers: [string, (server?: string) => Promise<unknown>][] = [
  ['we', (server) => ends.client().prepare({ server }).call(CTXT, WHO.method, WHO.args)],
  ['Python', (server) => ends.python.call({ ...WHO, target: { ...ends.target, ...(server && { server }) } })],
];

const fanouts: [string, (value: string) => Promise<void>][] = [
  ['we', (value) => ends.client().prepare({ fanout: true }).cast(CTXT, 'note', { value })],
  [
    'Python',
    (value) =>
      ends.python.cast({ target: { ...ends.target, fanout: true }, method: 'note', args: { value } }),
  ],
];

describe('a Python server and one of ours on one topic', () => {
  test.each(callers)('take turns when %s call the topic', async (_who, call) => {
    await serveBoth();
    const answers: unknown[] = [];
    for (let i = 0; i < 8; i += 1) answers.push(await call());
    expect(answers.toSorted()).toEqual(['py', 'py', 'py', 'py', 'ts', 'ts', 'ts', 'ts']);
  });

  test.each(callers)('are distinguished by their names when %s call', async (_who, call) => {
    await serveBoth();
    expect(await Promise.all([call('py'), call('ts'), call('py')])).toEqual(['py', 'ts', 'py']);
  });

  test.each(fanouts)('both get it once when %s cast to all', async (_who, fanout) => {
    const notes = await serveBoth();
    await fanout('all');
    await fanout('again');
    await vi.waitFor(async () => {
      expect(
        [notes, await ends.python.notes(ends.target)].map((each) => (each as string[]).toSorted()),
      ).toEqual([
        ['again', 'all'],
        ['again', 'all'],
      ]);
    });
  });

  test('share casts: each goes to one of them', async () => {
    const notes = await serveBoth();
    const client = ends.client();
    for (let i = 0; i < 10; i += 1) await client.cast(CTXT, 'note', { value: i });
    await vi.waitFor(async () => {
      const all = [...notes, ...((await ends.python.notes(ends.target)) as unknown[])] as number[];
      expect(all.toSorted((a, b) => a - b)).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
    });
    expect(notes).not.toHaveLength(0);
    expect(notes).not.toHaveLength(10);
  });

  test('call each other', async () => {
    await ends.servePython();
    const askPython = () => ends.client().prepare({ server: 'py' }).call(CTXT, WHO.method, WHO.args);
    await ends.serve({ askPython });
    const target = { ...ends.target, server: 'ts' };
    expect(await ends.python.call({ target, method: 'ask_python' })).toBe('py');
  });
});
