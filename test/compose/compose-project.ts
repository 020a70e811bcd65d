import { randomBytes } from 'node:crypto';
import { endWithThisProcess, forget, freePort, repositoryRoot, run, runOk } from '@mini-nova/testing';
import { composeCommand, type DockerEngine } from './docker-engine.ts';
import type { Images } from './stand-in-images.ts';

const UP_SECONDS = 900;

export interface ContainerInfo {
  service: string;
  /** The status as `docker ps` prints it: 'Up 2 minutes (healthy)', 'Exited (0) 5 seconds ago'. */
  status: string;
  ports: string;
}

/** docker-compose.yml as a user runs it, under a project name and port of its own. */
export class ComposeProject {
  readonly name = `mini-nova-test-${randomBytes(4).toString('hex')}`;
  readonly port: number;
  private readonly command: string[];
  private readonly env: NodeJS.ProcessEnv;

  private constructor(command: string[], env: NodeJS.ProcessEnv, port: number) {
    this.command = command;
    this.env = env;
    this.port = port;
  }

  static async create(engine: DockerEngine, images: Images): Promise<ComposeProject> {
    const port = await freePort();
    const env = { ...engine.env, ...images, NOVA_API_PORT: String(port), DOCKER_BUILDKIT: '0' };
    return new ComposeProject(await composeCommand(engine.env), env, port);
  }

  get endpoint(): string {
    return `http://127.0.0.1:${this.port}/v2.1`;
  }

  async up(): Promise<void> {
    endWithThisProcess('command', this.removal());
    await this.compose(['up', '-d', '--build'], UP_SECONDS);
  }

  /** SIGTERM to every container, and waits. */
  stop(): Promise<string> {
    return this.compose(['stop'], 120);
  }

  async down(): Promise<void> {
    await this.compose(['down', '-v', '--remove-orphans'], 180);
    forget('command', this.removal());
  }

  logs(): Promise<string> {
    return this.compose(['logs', '--no-color', '--tail', '60'], 60);
  }

  async containers(): Promise<ContainerInfo[]> {
    const format = '{{.Label "com.docker.compose.service"}}\t{{.Status}}\t{{.Ports}}';
    const lines = await this.list('ps', ['-a', '--format', format]);
    return lines.map((line) => {
      const [service = '', status = '', ports = ''] = line.split('\t');
      return { service, status, ports };
    });
  }

  /** Names of the project's remaining containers, volumes and networks. */
  async remains(): Promise<string[]> {
    const kinds = [
      this.list('ps', ['-a', '-q']),
      this.list('volume ls', ['-q']),
      this.list('network ls', ['-q']),
    ];
    return (await Promise.all(kinds)).flat();
  }

  private async list(command: string, args: string[]): Promise<string[]> {
    const filter = ['--filter', `label=com.docker.compose.project=${this.name}`];
    const output = await runOk('docker', [...command.split(' '), ...filter, ...args], { env: this.env });
    return output.split('\n').filter((line) => line !== '');
  }

  private async compose(args: string[], timeout: number): Promise<string> {
    const [program = '', ...first] = this.command;
    const all = [...first, '-p', this.name, ...args];
    const { code, stdout, stderr } = await run(program, all, { env: this.env, cwd: repositoryRoot, timeout });
    if (code !== 0) throw new Error(`${program} ${all.join(' ')} ended with ${code}\n${stdout}${stderr}`);
    return stdout;
  }

  private removal(): string {
    const host = this.env.DOCKER_HOST ? `DOCKER_HOST='${this.env.DOCKER_HOST}' ` : '';
    return `cd '${repositoryRoot}' && ${host}${this.command.join(' ')} -p ${this.name} down -v -t 2`;
  }
}
