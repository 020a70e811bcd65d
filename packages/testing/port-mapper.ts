import { Child } from './child.ts';
import { freePort } from './free-port.ts';
import { findProgram } from './programs.ts';
import { plainEnvironment } from './rabbit-ctl.ts';

/**
 * Erlang's port mapper, by which the nodes of a machine find each other. We start it so that we can stop it; one that
 * RabbitMQ starts would stay behind.
 */
export class PortMapper {
  readonly port: number;
  private child: Promise<Child> | undefined;

  private constructor(port: number) {
    this.port = port;
  }

  static async create(): Promise<PortMapper> {
    return new PortMapper(await freePort());
  }

  /** Idempotent. */
  async start(): Promise<void> {
    this.child ??= this.run();
    await this.child;
  }

  async close(): Promise<void> {
    const child = this.child;
    this.child = undefined;
    await (await child)?.stop();
  }

  private async run(): Promise<Child> {
    const epmd = await findProgram(['epmd', '/usr/lib/erlang/bin/epmd']);
    if (epmd === undefined) throw new Error('no epmd (a part of Erlang) in PATH');
    const args = ['-port', String(this.port), '-address', '127.0.0.1'];
    const child = await Child.start(epmd, args, { env: plainEnvironment() });
    child.release();
    return child;
  }
}
