import { randomBytes } from 'node:crypto';
import { amqpAnswers } from './amqp-handshake.ts';
import { runOk } from './command.ts';
import { freePort } from './free-port.ts';
import type { RabbitCtl } from './rabbit-ctl.ts';
import type { RabbitEngine } from './rabbit-node.ts';
import { endWithThisProcess, forget } from './reaper.ts';
import { waitFor } from './wait-for.ts';

const START_SECONDS = 120;

const removal = (name: string): string => `docker rm -f -v ${name}`;

/** A RabbitMQ in a container of its own, for machines with Docker and no rabbitmq-server. */
export class RabbitContainer implements RabbitEngine {
  readonly port: number;
  readonly user = 'nova'; // guest may log in only from inside the container
  readonly password = 'nova';
  readonly ctl: RabbitCtl;
  private readonly name: string;
  private created = false;

  private constructor(port: number, name: string) {
    this.port = port;
    this.name = name;
    this.ctl = { program: 'docker', args: ['exec', name, 'rabbitmqctl'], env: {} };
  }

  static async create(): Promise<RabbitContainer> {
    return new RabbitContainer(await freePort(), `mini-nova-rabbit-${randomBytes(4).toString('hex')}`);
  }

  async start(): Promise<void> {
    if (this.created) await runOk('docker', ['start', this.name]);
    else await this.create();
    await waitFor(`RabbitMQ container ${this.name}`, () => amqpAnswers(this.port), {
      timeout: START_SECONDS,
    });
  }

  async stop(): Promise<void> {
    await runOk('docker', ['stop', '-t', '30', this.name], { timeout: 60 });
  }

  async kill(): Promise<void> {
    await runOk('docker', ['kill', '-s', 'KILL', this.name]);
  }

  async close(): Promise<void> {
    if (!this.created) return;
    await runOk('docker', ['rm', '-f', '-v', this.name]);
    forget('command', removal(this.name));
    this.created = false;
  }

  private async create(): Promise<void> {
    const image = process.env.RABBITMQ_IMAGE ?? 'rabbitmq:3';
    const credentials = [
      '-e',
      `RABBITMQ_DEFAULT_USER=${this.user}`,
      '-e',
      `RABBITMQ_DEFAULT_PASS=${this.password}`,
    ];
    endWithThisProcess('command', removal(this.name));
    this.created = true;
    const publish = ['-p', `127.0.0.1:${this.port}:5672`];
    await runOk('docker', ['run', '-d', '--name', this.name, ...publish, ...credentials, image], {
      timeout: 600,
    });
  }
}
