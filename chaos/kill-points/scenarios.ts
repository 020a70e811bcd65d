import { waitFor } from '@mini-nova/testing';
import type { Rest } from '../rest.ts';

/** Seconds. */
const PREPARATION = 90;

/** One thing that a user asks for. */
export interface Scenario {
  name: string;
  /** The server it is requested for, in the right state; none for a boot. */
  prepare?(rest: Rest): Promise<string>;
  act(rest: Rest, server: string): Promise<unknown>;
  /** Whether it runs on a cloud whose favourite host cannot spawn. */
  rescheduled?: true;
}

export const SCENARIOS: readonly Scenario[] = [
  { name: 'boot', act: (rest) => rest.boot('booted') },
  { name: 'rescheduled-boot', rescheduled: true, act: (rest) => rest.boot('rescheduled') },
  { name: 'stop', prepare: active, act: (rest, server) => rest.act(server, 'os-stop') },
  { name: 'start', prepare: stopped, act: (rest, server) => rest.act(server, 'os-start') },
  { name: 'reboot', prepare: active, act: (rest, server) => rest.act(server, 'reboot') },
  { name: 'attach', prepare: active, act: (rest, server) => rest.attach(server) },
  { name: 'detach', prepare: twoPorts, act: (rest, server) => rest.detach(server) },
  { name: 'delete', prepare: active, act: (rest, server) => rest.delete(server) },
];

async function active(rest: Rest): Promise<string> {
  const server = await rest.boot('prepared');
  if (server === undefined) throw new Error('A boot was not accepted');
  await reaches(rest, server, 'active');
  return server;
}

async function stopped(rest: Rest): Promise<string> {
  const server = await active(rest);
  await rest.act(server, 'os-stop');
  await reaches(rest, server, 'stopped');
  return server;
}

async function twoPorts(rest: Rest): Promise<string> {
  const server = await active(rest);
  await rest.attach(server);
  const attached = async (): Promise<boolean> => (await rest.ports(server)).length === 2;
  await waitFor(`two ports of ${server}`, attached, { timeout: PREPARATION });
  return server;
}

async function reaches(rest: Rest, server: string, vmState: string): Promise<void> {
  const isThere = async (): Promise<boolean> => {
    const state = await rest.state(server);
    return state?.vm === vmState && state.task === null;
  };
  await waitFor(`${server} ${vmState}`, isThere, { timeout: PREPARATION });
}
