import { chmod, readFile, rm, writeFile } from 'node:fs/promises';
import { runOk } from './command.ts';

const POLICY = '/usr/sbin/policy-rc.d';

/** The Debian packages that the whole test suite uses. */
export const DEBIAN_PACKAGES = [
  'rabbitmq-server',
  'postgresql',
  'python3-oslo.messaging',
  'python3-novaclient',
  'python3-openstacksdk',
  'faketime',
  'systemd',
] as const;

export const INSTALL_COMMAND = `apt-get update && apt-get install -y --no-install-recommends ${DEBIAN_PACKAGES.join(' ')}`;

/** Whether this process may install packages: it needs Debian or a derivative, and root. */
export async function canInstall(): Promise<boolean> {
  if (process.getuid?.() !== 0) return false;
  try {
    return /^ID(_LIKE)?=.*debian/m.test(await readFile('/etc/os-release', 'utf8'));
  } catch {
    return false; // no such file: not Debian
  }
}

/** Keeps packages from starting their services while they are installed: the tests start their own. */
async function withoutServiceStart<T>(work: () => Promise<T>): Promise<T> {
  let ours = true;
  try {
    await writeFile(POLICY, '#!/bin/sh\nexit 101\n', { flag: 'wx' });
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) throw error;
    ours = false;
  }
  try {
    if (ours) await chmod(POLICY, 0o755);
    return await work();
  } finally {
    if (ours) await rm(POLICY, { force: true });
  }
}

/** Installs Debian packages; waits for another installation that is under way. */
export async function installPackages(packages: readonly string[]): Promise<void> {
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
  const lock = ['-o', 'DPkg::Lock::Timeout=300'];
  await withoutServiceStart(async () => {
    await runOk('apt-get', [...lock, 'update', '-q'], { env, timeout: 600 });
    await runOk('apt-get', [...lock, 'install', '-y', '--no-install-recommends', ...packages], {
      env,
      timeout: 1200,
    });
  });
}
