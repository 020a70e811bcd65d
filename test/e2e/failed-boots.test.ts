import { afterAll, beforeAll, expect, test } from 'vitest';
import { Deployment, printOutputOnFailure } from './support/deployment.ts';

let cloud: Deployment;

// host-a has more memory, so the scheduler's RAM weigher prefers it.
beforeAll(async () => {
  cloud = await Deployment.start({
    computes: {
      'host-a': { OS_FAKE__MEMORY_MB: '8192', OS_FAKE__FAIL_FIRST_SPAWNS: '1' },
      'host-b': { OS_FAKE__MEMORY_MB: '4096' },
    },
  });
});
afterAll(() => cloud?.close());
printOutputOnFailure(() => cloud);

test('a server whose first host fails to spawn it becomes ACTIVE on the other, and is allocated there only', async () => {
  const server = await cloud.boot('second-try');
  expect(server).toMatchObject({ status: 'ACTIVE', 'OS-EXT-SRV-ATTR:host': 'host-b' });
  expect(cloud.daemon('host-a').output).toContain(server.id);
  expect(await cloud.database.hostsHolding(server.id)).toEqual(['host-b']);
});

test('the next server goes to the host that failed once', async () => {
  const server = await cloud.boot('next');
  expect(server).toMatchObject({ status: 'ACTIVE', 'OS-EXT-SRV-ATTR:host': 'host-a' });
});

test('a server too big for every host ends in ERROR, and nova show tells how many hosts each filter let through', async () => {
  const boot = await cloud.run(
    ...['boot', '--flavor', 'm1.xlarge', '--image', 'cirros', '--poll', '--json', 'too-big'],
  );
  expect(boot.code).toBe(1);
  expect(boot.stderr).toContain('No valid host was found');

  const shown = await cloud.run('show', 'too-big');
  expect(shown.code).toBe(0);
  expect(shown.stdout).toContain('No valid host was found');
  const server = await cloud.show('too-big');
  expect(server).toMatchObject({ status: 'ERROR', 'OS-EXT-SRV-ATTR:host': null });
  const { message = '', details = '' } = server.fault ?? {};
  expect(message).toContain('No valid host was found');
  expect(`${message} ${details}`).toMatch(/RamFilter\D+0/);
  expect(await cloud.database.consumers()).not.toContain(server.id);
});
