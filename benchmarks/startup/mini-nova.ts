import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { freePort, repositoryRoot, runCommand, tempDir } from '@mini-nova/testing';
import type { Subject } from './subject.ts';

const HOST = 'bench-mini-nova';

export const CONDUCTOR = 'nova-conductor';

/** The daemons' topics; nova-api has none. */
const TOPICS: Readonly<Record<string, string>> = {
  [CONDUCTOR]: 'conductor',
  'nova-scheduler': 'scheduler',
  'nova-compute': 'compute',
};

/** Writes a nova.conf, makes the SQLite database that it names, and returns the file's path. */
export async function miniNovaSite(url: string): Promise<string> {
  const folder = tempDir('startup-');
  const file = join(folder, 'nova.conf');
  const lines = [
    '[DEFAULT]',
    `host = ${HOST}`,
    `transport_url = ${url}`,
    `state_path = ${folder}`,
    `osapi_compute_listen_port = ${await freePort()}`,
    '[database]',
    `connection = sqlite:///${join(folder, 'nova.sqlite')}`,
  ];
  await writeFile(file, `${lines.join('\n')}\n`, { mode: 0o600 });
  const { code, stderr } = await runCommand('nova-manage', ['--config-file', file, 'db', 'sync']);
  if (code !== 0) throw new Error(`nova-manage db sync ended with ${code}:\n${stderr}`);
  return file;
}

/** A daemon of bin/ with default options. */
export function daemonSubject(name: string, configFile: string): Subject {
  const topic = TOPICS[name];
  return {
    id: name,
    title: `mini-nova ${name}`,
    command: process.execPath,
    args: [join(repositoryRoot, 'bin', name), '--config-file', configFile],
    readyLine: /"msg":"(Service started|API listening)"/,
    ...(topic !== undefined && { ping: { topic, host: HOST } }),
  };
}

/** The lower limit of any program on Node.js. */
export const nodeItself: Subject = {
  id: 'node',
  title: 'node -e 0, kept running',
  command: process.execPath,
  args: ['-e', 'console.log("up"); setInterval(() => {}, 1e9)'],
  readyLine: /^up$/,
};
