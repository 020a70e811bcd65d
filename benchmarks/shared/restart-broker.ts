import { setTimeout as sleep } from 'node:timers/promises';
import type { PrivateRabbit } from '@mini-nova/testing';
import { connect } from 'amqplib';

/** Milliseconds since the epoch. */
export interface Absence {
  from: number;
  /** When a connection could be opened again. */
  to: number;
}

/** Milliseconds between two tries. */
const TRY_INTERVAL = 20;

/** Kills the broker (SIGKILL), without any orderly shutdown, and starts it again at once. */
export async function restartBroker(rabbit: PrivateRabbit): Promise<Absence> {
  const from = Date.now();
  await rabbit.kill();
  const started = rabbit.start();
  const [to] = await Promise.all([firstConnection(rabbit.url), started]);
  return { from, to };
}

async function firstConnection(url: string): Promise<number> {
  for (;;) {
    try {
      const connection = await connect(url.replace(/^rabbit:/, 'amqp:'), { noDelay: true });
      const at = Date.now();
      await connection.close();
      return at;
    } catch {
      // Whatever the reason, the broker is not up yet. If it never comes up, `rabbit.start` says so.
      await sleep(TRY_INTERVAL);
    }
  }
}
