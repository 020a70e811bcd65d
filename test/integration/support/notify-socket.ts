import { Child } from '@mini-nova/testing';
import { onTestFinished, vi } from 'vitest';

const RECEIVER = `
import json, socket, sys
name = sys.argv[1]
receiver = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
receiver.bind("\\0" + name[1:] if name.startswith("@") else name)
print("bound", flush=True)
while True:
    print(json.dumps(receiver.recv(65536).decode()), flush=True)
`;

/** The datagram socket of a service manager, which accepts everything. */
export class NotifySocket {
  readonly #receiver: Child;

  private constructor(receiver: Child) {
    this.#receiver = receiver;
  }

  /** `name`: a path, or \`@\` and an abstract name. */
  static async bind(name: string): Promise<NotifySocket> {
    const receiver = await Child.start('python3', ['-c', RECEIVER, name]);
    onTestFinished(() => void receiver.stop('SIGKILL'));
    await receiver.waitForLine(/^bound/);
    return new NotifySocket(receiver);
  }

  /** The notifications in order, each with its assignments by name. */
  get notifications(): Record<string, string>[] {
    return (
      this.#receiver.stdout
        .split('\n')
        .slice(1, -1)
        .map((line) => Object.fromEntries(String(JSON.parse(line)).split('\n').map(assignment)))
        // systemd-notify waits until what it has sent is taken.
        .filter((notification) => !('BARRIER' in notification))
    );
  }

  count(name: string): number {
    return this.notifications.filter((notification) => name in notification).length;
  }

  /** Waits until so many of this name have come. */
  async until(name: string, count = 1): Promise<void> {
    await vi.waitFor(
      () => {
        if (this.count(name) < count) throw new Error(`${name}: ${JSON.stringify(this.notifications)}`);
      },
      { interval: 20 },
    );
  }
}

function assignment(line: string): [string, string] {
  const [name = '', ...value] = line.split('=');
  return [name, value.join('=')];
}
