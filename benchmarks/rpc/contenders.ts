import { pythonWithOsloMessaging } from '@mini-nova/testing';
import { nodeOfAtLeast } from '../shared/newer-node.ts';
import { sourceFile } from '../shared/paths.ts';
import { PeerProcess } from '../shared/peer-process.ts';
import { nodePeer } from './node-peer.ts';

export type Role = 'client' | 'server';

/** What the runner knows of a contender; the contender itself is loaded in its own processes only. */
export interface ContenderInfo {
  id: string;
  title: string;
  /** False if the server runs a bounded number of calls at once, each in a thread. */
  holdsCalls: boolean;
  /** False: measured only when named in --only. */
  byDefault: boolean;
  start(role: Role): PeerProcess | Promise<PeerProcess>;
}

export const MINI_NOVA = 'mini-nova';
export const HAND_WRITTEN = 'hand-written';
export const BARE = 'bare-amqplib';
export const MEMORY = 'mini-nova-memory';

export const CONTENDERS: readonly ContenderInfo[] = [
  onThisNode(MINI_NOVA, 'mini-nova'),
  onThisNode(HAND_WRITTEN, 'hand-written oslo wire'),
  onThisNode(BARE, 'bare amqplib'),
  onThisNode('nestjs', 'NestJS RMQ'),
  onThisNode('rabbitmq-client', 'rabbitmq-client RPC'),
  {
    id: 'moleculer',
    title: 'moleculer over AMQP',
    holdsCalls: true,
    byDefault: true,
    start: async (role) => nodePeer('moleculer', role, await nodeOfAtLeast(22)),
  },
  {
    id: 'oslo-messaging',
    title: 'Python oslo.messaging',
    holdsCalls: false,
    byDefault: true,
    start: async (role) => {
      const script = sourceFile('rpc/contenders/oslo_messaging_peer.py');
      return new PeerProcess(`oslo-messaging ${role}`, await pythonWithOsloMessaging(), [script, role]);
    },
  },
  { ...onThisNode('hand-written-confirms', 'hand-written, confirms'), byDefault: false },
];

function onThisNode(id: string, title: string): ContenderInfo {
  return { id, title, holdsCalls: true, byDefault: true, start: (role) => nodePeer(id, role) };
}
