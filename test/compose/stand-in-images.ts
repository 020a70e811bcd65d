import { cpSync, existsSync, mkdirSync, renameSync, statSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';
import { findProgram, run, runOk, TestServerUnavailable, tempDir } from '@mini-nova/testing';
import type { DockerEngine } from './docker-engine.ts';

/** Which images docker-compose.yml is to use, by its own variables. */
export interface Images {
  RABBITMQ_IMAGE: string;
  POSTGRES_IMAGE: string;
  NODE_IMAGE: string;
}

const OFFICIAL: Images = {
  RABBITMQ_IMAGE: 'rabbitmq:3',
  POSTGRES_IMAGE: 'postgres:15',
  NODE_IMAGE: 'node:20-bookworm-slim',
};

const PREFIX = 'mini-nova-stand-in';
const SUITE = 'bookworm';
const CACHE_DAYS = 7;
const MINUTES = 60;

function cachedRoot(): string {
  const cache = process.env.XDG_CACHE_HOME || join(homedir(), '.cache');
  return join(cache, 'mini-nova', `debian-${SUITE}.tar.gz`);
}

function isFresh(path: string): boolean {
  return existsSync(path) && Date.now() - statSync(path).mtimeMs < CACHE_DAYS * 86_400_000;
}

/** A minimal Debian as a tar file, kept between runs outside the checkout. */
async function debianRoot(): Promise<string> {
  const path = cachedRoot();
  if (isFresh(path)) return path;
  const debootstrap = await findProgram(['debootstrap', '/usr/sbin/debootstrap']);
  if (debootstrap === undefined)
    throw new TestServerUnavailable('debootstrap', 'apt-get install debootstrap');
  const root = tempDir('mini-nova-debian-');
  await runOk(debootstrap, ['--variant=minbase', '--include=ca-certificates', SUITE, root], {
    timeout: 15 * MINUTES,
  });
  mkdirSync(dirname(path), { recursive: true });
  const unfinished = `${path}.${process.pid}`;
  await runOk('tar', ['-C', root, '-czf', unfinished, '.'], { timeout: 5 * MINUTES });
  renameSync(unfinished, path);
  return path;
}

async function build(
  engine: DockerEngine,
  name: string,
  context: string,
  args: string[] = [],
): Promise<string> {
  const image = `${PREFIX}/${name}`;
  const env = { ...engine.env, DOCKER_BUILDKIT: '0' }; // the classic builder is in every engine
  await runOk('docker', ['build', '-q', '-t', image, ...args, context], { env, timeout: 15 * MINUTES });
  return image;
}

/** The contents of /usr/local in the official image; here the Node.js, npm and headers that run this test. */
function nodeContext(): string {
  const context = tempDir('mini-nova-node-image-');
  const prefix = join(dirname(process.execPath), '..');
  const copies = ['lib/node_modules/npm', 'include/node'];
  for (const part of copies) cpSync(join(prefix, part), join(context, 'local', part), { recursive: true });
  cpSync(process.execPath, join(context, 'local/bin/node'));
  const certificates = process.env.NODE_EXTRA_CA_CERTS;
  const target = join(context, 'local/share/extra-ca.pem');
  mkdirSync(dirname(target), { recursive: true });
  if (certificates) cpSync(certificates, target, { dereference: true });
  else writeFileSync(target, '');
  cpSync(join(import.meta.dirname, 'stand-in/node/Dockerfile'), join(context, 'Dockerfile'));
  return context;
}

/** Images made on this machine from Debian's packages, for where the official ones cannot be fetched. */
async function makeStandIns(engine: DockerEngine): Promise<Images> {
  const { env } = engine;
  await runOk('docker', ['import', await debianRoot(), `${PREFIX}/debian`], { env, timeout: 5 * MINUTES });
  const folder = join(import.meta.dirname, 'stand-in');
  const registry = (await runOk('npm', ['config', 'get', 'registry'])).trim();
  return {
    RABBITMQ_IMAGE: await build(engine, 'rabbitmq', join(folder, 'rabbitmq')),
    POSTGRES_IMAGE: await build(engine, 'postgres', join(folder, 'postgres')),
    NODE_IMAGE: await build(engine, 'node', nodeContext(), ['--build-arg', `NPM_REGISTRY=${registry}`]),
  };
}

async function canPull(engine: DockerEngine, image: string): Promise<boolean> {
  const { env } = engine;
  if ((await run('docker', ['image', 'inspect', image], { env })).code === 0) return true;
  return (await run('docker', ['pull', '-q', image], { env, timeout: 15 * MINUTES })).code === 0;
}

/** The images named by the environment, otherwise the official ones, otherwise stand-ins made here. */
export async function getImages(engine: DockerEngine): Promise<Images> {
  const { RABBITMQ_IMAGE, POSTGRES_IMAGE, NODE_IMAGE } = process.env;
  if (RABBITMQ_IMAGE && POSTGRES_IMAGE && NODE_IMAGE) return { RABBITMQ_IMAGE, POSTGRES_IMAGE, NODE_IMAGE };
  if (engine.own) return makeStandIns(engine);
  for (const image of Object.values(OFFICIAL)) {
    if (!(await canPull(engine, image))) return makeStandIns(engine);
  }
  return OFFICIAL;
}
