import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { canInstall, findProgram, installPackages, run, runOk, tempDir } from '@mini-nova/testing';
import type { Subject } from './subject.ts';

/** Debian's packages belong to the system's interpreter, which another one may precede in PATH. */
const PYTHON = '/usr/bin/python3';
const PACKAGE = 'python3-nova';
const HOST = 'bench-python';
/** What the process imports before it does anything: its command, and the manager that this loads by name. */
const IMPORTS = 'import nova.cmd.conductor, nova.conductor.manager';
/** Seconds. */
const MANAGE_TIMEOUT = 300;

export const pythonItself: Subject = {
  id: 'python',
  title: 'python3 -c pass, kept running',
  command: PYTHON,
  args: ['-c', 'import time; print("up", flush=True); time.sleep(3600)'],
  readyLine: /^up$/,
};

export const pythonImports: Subject = {
  id: 'python-imports',
  title: "Python's nova-conductor, imports alone",
  command: PYTHON,
  args: ['-c', `${IMPORTS}; import time; print("up", flush=True); time.sleep(3600)`],
  readyLine: /^up$/,
};

/** Debian's Python Nova; as root it is installed when missing. @throws Error when it cannot be had */
export async function findPythonNova(): Promise<void> {
  if (await hasNova()) return;
  if (await canInstall()) await installPackages([PACKAGE]);
  if (!(await hasNova())) throw new Error(`${PYTHON} has no Nova; on Debian: apt-get install ${PACKAGE}`);
}

async function hasNova(): Promise<boolean> {
  if ((await findProgram([PYTHON])) === undefined) return false;
  return (await run(PYTHON, ['-c', IMPORTS], { timeout: 120 })).code === 0;
}

/**
 * The real daemon, on databases made for it. It needs a placement service only for boots.
 * @throws Error when nova-manage fails
 */
export async function pythonConductor(url: string): Promise<Subject> {
  const configFile = await writeConfig(url);
  for (const command of ['api_db sync', 'db sync --local_cell', 'cell_v2 create_cell --name cell1']) {
    await runOk(PYTHON, program('manage', configFile, command.split(' ')), { timeout: MANAGE_TIMEOUT });
  }
  return {
    id: 'python-conductor',
    title: "Python's nova-conductor",
    command: PYTHON,
    args: program('conductor', configFile),
    // No log line says that it works: "Starting conductor node" comes before the RPC server.
    ping: { topic: 'conductor', host: HOST },
  };
}

async function writeConfig(url: string): Promise<string> {
  const folder = tempDir('startup-python-');
  await mkdir(join(folder, 'lock'));
  const file = join(folder, 'nova.conf');
  const lines = [
    '[DEFAULT]',
    `host = ${HOST}`,
    `transport_url = ${url}`,
    `state_path = ${folder}`,
    '[database]',
    `connection = sqlite:///${join(folder, 'nova.sqlite')}`,
    '[api_database]',
    `connection = sqlite:///${join(folder, 'nova_api.sqlite')}`,
    '[conductor]',
    'workers = 1',
    '[placement]',
    'auth_type = none',
    'endpoint_override = http://127.0.0.1:9/',
    '[oslo_concurrency]',
    `lock_path = ${join(folder, 'lock')}`,
  ];
  await writeFile(file, `${lines.join('\n')}\n`, { mode: 0o600 });
  return file;
}

/** As the scripts in /usr/bin, which come with other packages. */
function program(name: string, configFile: string, args: readonly string[] = []): string[] {
  const script = `import sys; sys.argv[0] = 'nova-${name}'; from nova.cmd.${name} import main; sys.exit(main())`;
  return ['-c', script, '--config-file', configFile, ...args];
}
