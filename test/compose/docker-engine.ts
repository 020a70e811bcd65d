import { existsSync } from 'node:fs';
import { join } from 'node:path';
import {
  Child,
  canInstall,
  findProgram,
  installPackages,
  run,
  runOk,
  TestServerUnavailable,
  tempDir,
  waitFor,
} from '@mini-nova/testing';

const PACKAGES = ['docker.io', 'docker-compose', 'debootstrap'];
const HELP = `Start one, or as root on Debian: apt-get update && apt-get install -y ${PACKAGES.join(' ')}`;
const BRIDGE = '/sys/class/net/docker0';

/** A Docker engine that answers: the machine's, or one started for this test. */
export interface DockerEngine {
  /** For docker and docker-compose. */
  readonly env: NodeJS.ProcessEnv;
  /** Whether it was started here, with no images and possibly no way to fetch any. */
  readonly own: boolean;
  /** Stops it if it was started here. */
  close(): Promise<void>;
}

async function answers(env: NodeJS.ProcessEnv): Promise<boolean> {
  if ((await findProgram(['docker'])) === undefined) return false;
  return (await run('docker', ['info'], { env })).code === 0;
}

async function isMissing(program: string): Promise<boolean> {
  return (await findProgram([program, `/usr/sbin/${program}`])) === undefined;
}

async function installMissing(): Promise<void> {
  const programs = ['docker', 'dockerd', 'docker-compose', 'debootstrap'];
  const missing = await Promise.all(programs.map(isMissing));
  if (missing.includes(true) && (await canInstall())) await installPackages(PACKAGES);
}

/** An engine beside any other on the machine, with its own socket, images and containers in a temporary folder. */
async function startEngine(): Promise<DockerEngine> {
  const dockerd = await findProgram(['dockerd', '/usr/sbin/dockerd']);
  if (dockerd === undefined || process.getuid?.() !== 0)
    throw new TestServerUnavailable('Docker engine', HELP);
  const folder = tempDir('mini-nova-docker-');
  const host = `unix://${join(folder, 'docker.sock')}`;
  const place = ['--data-root', join(folder, 'data'), '--exec-root', join(folder, 'exec')];
  const hadBridge = existsSync(BRIDGE);
  const args = [...place, '--pidfile', join(folder, 'pid'), '--host', host];
  // In a mount namespace of its own, so that no mount of it is left behind, whatever ends it.
  const daemon = await Child.start('unshare', ['--mount', dockerd, ...args]);
  const env = { ...process.env, DOCKER_HOST: host };
  const close = async (): Promise<void> => {
    await daemon.stop('SIGTERM', 60);
    if (!hadBridge && existsSync(BRIDGE)) await run('ip', ['link', 'delete', 'docker0']);
  };
  try {
    await waitFor('dockerd', () => answers(env), {
      timeout: 60,
      interval: 0.5,
      abort: () => daemon.assertRunning(),
    });
  } catch (error) {
    await close();
    throw error;
  }
  daemon.release();
  return { env, own: true, close };
}

/** The engine to test with; on Debian as root one is installed and started when none runs. */
export async function getDockerEngine(): Promise<DockerEngine> {
  if (await answers(process.env)) return { env: process.env, own: false, close: async () => undefined };
  await installMissing();
  return startEngine();
}

/** docker-compose 1.29, or the present `docker compose`. */
export async function composeCommand(env: NodeJS.ProcessEnv): Promise<string[]> {
  if ((await findProgram(['docker-compose'])) !== undefined) return ['docker-compose'];
  await runOk('docker', ['compose', 'version'], { env });
  return ['docker', 'compose'];
}
