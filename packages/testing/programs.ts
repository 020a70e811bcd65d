import { access, constants, readdir } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import { run } from './command.ts';
import { canInstall, DEBIAN_PACKAGES, INSTALL_COMMAND, installPackages } from './debian.ts';
import { TestServerUnavailable } from './errors.ts';
import { faketimeLibrary } from './wrong-clock.ts';

async function executable(path: string): Promise<boolean> {
  try {
    await access(path, constants.X_OK);
    return true;
  } catch {
    return false; // not there, or not for us
  }
}

/** The first of the candidates that can be executed; a bare name is looked up in PATH. */
export async function findProgram(candidates: readonly string[]): Promise<string | undefined> {
  const folders = (process.env.PATH ?? '').split(delimiter).filter((folder) => folder !== '');
  for (const candidate of candidates) {
    const paths = candidate.includes('/') ? [candidate] : folders.map((folder) => join(folder, candidate));
    for (const path of paths) if (await executable(path)) return path;
  }
  return undefined;
}

/** Debian's /usr/sbin/rabbitmq-server wants its own user and folders; the script behind it runs as anybody. */
export function rabbitServerPath(): Promise<string | undefined> {
  return findProgram([
    '/usr/lib/rabbitmq/bin/rabbitmq-server',
    'rabbitmq-server',
    '/usr/local/sbin/rabbitmq-server',
  ]);
}

/** The same, after installing it where it is missing and can be installed. */
export async function installedRabbit(): Promise<string | undefined> {
  const path = await rabbitServerPath();
  if (path !== undefined || !(await canInstall())) return path;
  await installPackages(DEBIAN_PACKAGES);
  return rabbitServerPath();
}

/** The folder with PostgreSQL's own programs, the newest version's where there are several. */
export async function postgresBin(): Promise<string | undefined> {
  const versions = await readdir('/usr/lib/postgresql').catch(() => [] as string[]);
  const newestFirst = versions.sort((a, b) => Number(b) - Number(a));
  const initdb = await findProgram([
    ...newestFirst.map((v) => `/usr/lib/postgresql/${v}/bin/initdb`),
    'initdb',
  ]);
  return initdb === undefined ? undefined : join(initdb, '..');
}

/** The Python packages that tests use, and what they are for. */
const OSLO_MESSAGING = ['oslo_messaging'];
const OPENSTACK_CLIENTS = ['novaclient', 'openstack'];

async function pythonWith(modules: readonly string[]): Promise<string | undefined> {
  for (const python of ['python3', '/usr/bin/python3']) {
    const path = await findProgram([python]);
    if (path === undefined) continue;
    const { code } = await run(path, ['-c', `import ${modules.join(', ')}`], { timeout: 120 });
    if (code === 0) return path;
  }
  return undefined;
}

/** The same, after installing them where they are missing and can be installed. */
async function installedPython(modules: readonly string[], name: string): Promise<string> {
  let python = await pythonWith(modules);
  if (python === undefined && (await canInstall())) {
    await installPackages(DEBIAN_PACKAGES);
    python = await pythonWith(modules);
  }
  if (python === undefined) throw new TestServerUnavailable(name, `Install it: ${INSTALL_COMMAND}`);
  return python;
}

/** A Docker engine that answers. */
export async function dockerRuns(): Promise<boolean> {
  const docker = await findProgram(['docker']);
  return docker !== undefined && (await run(docker, ['info'], { timeout: 30 })).code === 0;
}

/** A Python interpreter that has oslo.messaging; on Debian as root it is installed when missing. */
export function pythonWithOsloMessaging(): Promise<string> {
  return installedPython(OSLO_MESSAGING, 'Python with oslo.messaging');
}

/** A Python interpreter that has python-novaclient and openstacksdk. */
export function pythonWithOpenstackClients(): Promise<string> {
  return installedPython(OPENSTACK_CLIENTS, 'Python with novaclient and openstacksdk');
}

/** Installs what the tests lack, where that is possible: once, before test files run in parallel. */
export async function installMissingPrograms(): Promise<void> {
  const rabbit = process.env.NOVA_TEST_RABBIT_URL ?? (await rabbitServerPath());
  const postgres = process.env.NOVA_TEST_POSTGRES_URL ?? (await postgresBin());
  const python = await pythonWith([...OSLO_MESSAGING, ...OPENSTACK_CLIENTS]);
  const faketime = await faketimeLibrary();
  const systemd = (await findProgram(['systemd-notify'])) && (await findProgram(['systemd-analyze']));
  if ([rabbit, postgres, python, faketime, systemd].every((program) => program !== undefined)) return;
  if (await canInstall()) await installPackages(DEBIAN_PACKAGES);
}
