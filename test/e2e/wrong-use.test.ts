import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { freePort, runCommand, tempDir } from '@mini-nova/testing';
import { describe, expect, test } from 'vitest';

const DAEMONS = ['nova-api', 'nova-compute', 'nova-conductor', 'nova-scheduler'];

function configFile(text: string): string {
  const path = join(tempDir(), 'nova.conf');
  writeFileSync(path, text);
  return path;
}

describe.each(DAEMONS)('%s', (daemon) => {
  test('refuses a wrong value with exit code 2, naming file, option, value and what is allowed', async () => {
    const file = configFile('[DEFAULT]\nhost = host-a\nreport_interval = soon\n');
    const { code, stderr } = await runCommand(daemon, ['--config-file', file]);
    expect(code).toBe(2);
    for (const part of [file, 'report_interval', 'soon', /number|seconds/]) expect(stderr).toMatch(part);
  });

  test('refuses an option that it does not have with exit code 2', async () => {
    const { code, stderr } = await runCommand(daemon, ['--nonsense']);
    expect(code).toBe(2);
    expect(stderr).toContain('--nonsense');
  });

  test('prints its options with --help and exits 0', async () => {
    const { code, stdout } = await runCommand(daemon, ['--help']);
    expect(code).toBe(0);
    expect(stdout).toContain('--config-file');
  });
});

describe('configuration', () => {
  test('a file that does not parse is refused with its name and line', async () => {
    const file = configFile('[DEFAULT]\nhost = host-a\nwhat is this\n');
    const { code, stderr } = await runCommand('nova-compute', ['--config-file', file]);
    expect(code).toBe(2);
    expect(stderr).toContain(file);
    expect(stderr).toMatch(/\b3\b/);
  });

  test('a file that is missing is refused with its name', async () => {
    const file = join(tempDir(), 'missing.conf');
    const { code, stderr } = await runCommand('nova-compute', ['--config-file', file]);
    expect(code).toBe(2);
    expect(stderr).toContain(file);
  });

  test('a wrong value in the environment is refused with the name of the variable', async () => {
    const { code, stderr } = await runCommand('nova-compute', [], { env: { OS_FAKE__VCPUS: 'many' } });
    expect(code).toBe(2);
    expect(stderr).toMatch(/OS_FAKE__VCPUS|vcpus/);
    expect(stderr).toContain('many');
  });
});

describe('a daemon with a database', () => {
  test('that was not synced ends with exit code 1 and says what to run', async () => {
    const database = `sqlite:///${join(tempDir(), 'nova.sqlite')}`;
    const { code, stdout, stderr } = await runCommand('nova-conductor', ['--database-connection', database]);
    expect(code).toBe(1);
    expect(stdout + stderr).toContain('nova-manage db sync');
  });
});

describe('nova', () => {
  test.each([
    ['an unknown command', ['frobnicate'], /frobnicate/],
    ['a missing argument', ['boot', '--flavor', 'm1.tiny', '--image', 'cirros'], /name/],
    ['a missing option', ['boot', 'server'], /--(flavor|image)/],
    ['an unknown option', ['list', '--nonsense'], /--nonsense/],
    [
      'a count that is none',
      ['boot', '--flavor', 'f', '--image', 'i', '--min-count', 'x', 'server'],
      /min-count/,
    ],
  ])('refuses %s with exit code 2', async (_what, args, reason) => {
    const { code, stdout, stderr } = await runCommand('nova', args);
    expect(code).toBe(2);
    expect(stderr).toMatch(reason);
    expect(stdout).toBe('');
  });

  test('fails with exit code 1 and one sentence when no API answers', async () => {
    const endpoint = `http://127.0.0.1:${await freePort()}/v2.1`;
    const { code, stderr } = await runCommand('nova', ['--endpoint', endpoint, 'list']);
    expect(code).toBe(1);
    expect(stderr).toContain(endpoint);
    expect(stderr).not.toMatch(/^\s+at /m);
  });
});
