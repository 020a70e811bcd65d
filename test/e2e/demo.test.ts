import { readdirSync } from 'node:fs';
import { repositoryRoot, run, tempDir } from '@mini-nova/testing';
import { expect, test } from 'vitest';

interface Entry {
  kind: string;
  at: number;
  from?: string;
  to?: string;
  method?: string;
  duration?: number | null;
  vm_state?: string;
  task_state?: string | null;
}

interface Result {
  id: string;
  status: string;
  host: string;
  timeline: Entry[];
}

test('the demo boots an instance, tells how, and leaves nothing behind', async () => {
  const folder = tempDir();
  const options = { cwd: repositoryRoot, env: { ...process.env, TMPDIR: folder }, timeout: 200 };
  const { code, stdout, stderr } = await run('npm', ['run', '--silent', 'demo', '--', '--json'], options);
  expect({ code, stderr }).toEqual({ code: 0, stderr: expect.not.stringMatching(/error/i) });

  const lines = stdout.trimEnd().split('\n');
  const result = JSON.parse(lines.pop() ?? '') as Result;
  expect(result).toMatchObject({ status: 'ACTIVE', host: expect.stringMatching(/^host[12]$/) });
  expect(stdout).toContain(result.id);
  expect(readdirSync(folder).filter((name) => name.startsWith('mini-nova'))).toEqual([]);

  const messages = result.timeline.filter(({ kind }) => kind !== 'state');
  expect(messages).toEqual(
    expect.arrayContaining([
      expect.objectContaining({ kind: 'http', from: 'you', to: 'nova-api', method: 'POST /servers' }),
      expect.objectContaining({
        kind: 'cast',
        from: 'nova-api',
        to: 'nova-conductor',
        method: 'schedule_and_build_instances',
        duration: expect.any(Number),
      }),
      expect.objectContaining({
        kind: 'call',
        from: 'nova-conductor',
        to: 'nova-scheduler',
        method: 'select_destinations',
        duration: expect.any(Number),
      }),
      expect.objectContaining({
        kind: 'cast',
        from: 'nova-conductor',
        to: `nova-compute.${result.host}`,
        method: 'build_and_run_instance',
      }),
      expect.objectContaining({ to: `nova-compute.${result.host}`, method: 'terminate_instance' }),
    ]),
  );
  const states = result.timeline
    .filter(({ kind }) => kind === 'state')
    .map(({ vm_state, task_state }) => `${vm_state}/${task_state ?? '-'}`);
  expect(states[0]).toBe('building/scheduling');
  expect(states).toContain('building/spawning');
  expect(states.slice(-3)).toEqual(['active/-', 'active/deleting', 'deleted/-']);

  const times = result.timeline.map(({ at }) => at);
  expect(times).toEqual([...times].sort((a, b) => a - b));
  // Each entry is also a line for people.
  expect(lines.filter((line) => /^ *\d+ ms {2}/.test(line))).toHaveLength(result.timeline.length);
});
