import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { pathToFileURL } from 'node:url';
import { endWithThisProcess, freePort, repositoryRoot, tempDir, waitFor } from '@mini-nova/testing';
import { Booter } from '../boot/boots.ts';
import { builtFile } from '../shared/paths.ts';

const WARM_UP = 20;
/** Milliseconds that a boot is given: polling its progress would be recorded too. */
const PATIENCE = 1_500;

/** The files of one boot, from the request to the ACTIVE server, in nova-all, for each of some boots. */
export async function filesOfBoots(times: number): Promise<string[][]> {
  const port = await freePort();
  const endpoint = `http://127.0.0.1:${port}/v2.1`;
  const cloud = await startCloud(port);
  try {
    await waitFor('nova-all', () => answers(endpoint), { timeout: 120 });
    const booter = new Booter(endpoint);
    await booter.boot(WARM_UP);
    booter.close();
    const files: string[][] = [];
    for (let count = 0; count < times; count += 1) files.push(await filesOfBoot(cloud, endpoint));
    return files;
  } finally {
    cloud.kill('SIGKILL');
  }
}

async function filesOfBoot(cloud: ChildProcess, endpoint: string): Promise<string[]> {
  const { images } = (await ask(`${endpoint}/images`)) as { images: { id: string }[] };
  const server = { name: 'recorded', imageRef: images[0]?.id, flavorRef: '1' };
  await order(cloud, 'begin');
  const booted = (await ask(`${endpoint}/servers`, { server })) as { server: { id: string } };
  await sleep(PATIENCE);
  const files = await order(cloud, 'end');
  const seen = (await ask(`${endpoint}/servers/${booted.server.id}`)) as { server: { status: string } };
  if (seen.server.status !== 'ACTIVE') throw new Error(`The server is ${seen.server.status}`);
  return files;
}

async function ask(url: string, body?: object): Promise<unknown> {
  const sent = body && {
    method: 'POST',
    body: JSON.stringify(body),
    headers: { 'content-type': 'application/json' },
  };
  const response = await fetch(url, sent);
  if (!response.ok) throw new Error(`${url}: ${response.status} ${await response.text()}`);
  return response.json();
}

async function startCloud(port: number): Promise<ChildProcess> {
  const folder = tempDir('reading-path-');
  const conf = join(folder, 'nova.conf');
  const lines = [
    '[DEFAULT]',
    'host = bench',
    `state_path = ${folder}`,
    `osapi_compute_listen_port = ${port}`,
  ];
  await writeFile(conf, `${lines.join('\n')}\n`, { mode: 0o600 });
  const cloud = fork(join(repositoryRoot, 'bin', 'nova-all'), ['--config-file', conf], {
    cwd: folder,
    detached: true,
    execArgv: ['--import', pathToFileURL(builtFile('reading-path/recorder.js')).href],
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  });
  if (cloud.pid !== undefined) endWithThisProcess('group', cloud.pid);
  return cloud;
}

async function answers(endpoint: string): Promise<boolean> {
  try {
    return (await fetch(`${endpoint}/images`)).ok;
  } catch {
    // The API does not listen yet.
    return false;
  }
}

async function order(cloud: ChildProcess, what: 'begin' | 'end'): Promise<string[]> {
  const answered = once(cloud, 'message');
  cloud.send(what);
  const [files] = (await answered) as [string[]];
  return files;
}
