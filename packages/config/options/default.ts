import { homedir, hostname, networkInterfaces } from 'node:os';
import { join } from 'node:path';
import { boolean, float, integer, port, seconds, string } from '../option.ts';

/** What a broker has for the name of a queue or an exchange. */
const NAME_BYTES = 255;
/** The queues of a host are named by a topic and the host: `conductor.<host>`. */
const HOST_BYTES = 240;

// XDG's place for state: writable without being root, and the same from every working directory.
const STATE_PATH = join(process.env.XDG_STATE_HOME || join(homedir(), '.local', 'state'), 'nova');

/** The loopback's where there is no other. */
function ownAddress(): string {
  const addresses = Object.values(networkInterfaces()).flatMap((list) => list ?? []);
  const outward = addresses.find(({ family, internal }) => family === 'IPv4' && !internal);
  return outward?.address ?? '127.0.0.1';
}

/** [DEFAULT]: what every daemon reads. */
export const DEFAULT = {
  host: string({
    default: hostname(),
    sampleDefault: '<host name>',
    pattern: /^[^\s/]+$/,
    maxBytes: HOST_BYTES,
    allowed: `a name without blanks and slashes, of at most ${HOST_BYTES} bytes`,
    help: 'Name of this host, unique in the cloud. Computes are addressed by it; two computes with different names can run on one machine.',
  }),
  my_ip: string({
    default: ownAddress(),
    sampleDefault: '<first IPv4 address of this host>',
    pattern: /^[0-9a-fA-F.:]+$/,
    allowed: 'an IP address',
    help: 'Address of this host, as other hosts reach it: a compute shows it in its record.',
  }),
  state_path: string({
    default: STATE_PATH,
    sampleDefault: '$XDG_STATE_HOME/nova, else ~/.local/state/nova',
    pattern: /./,
    allowed: 'a directory',
    help: 'Directory for what the daemons keep: the SQLite database by default, and what a compute remembers of its own records (compute_id).',
  }),
  debug: boolean({ default: false, mutable: true, help: 'Log on level debug instead of info.' }),

  transport_url: string({
    default: 'rabbit://guest:guest@127.0.0.1:5672/',
    secret: true,
    pattern: /^(rabbits?|amqps?|memory|fake):\/\/\S*$/i,
    allowed: 'a rabbit://, rabbits:// or memory:// URL such as rabbit://user:password@host:5672/vhost',
    help: 'The message bus: rabbit:// (several hosts: rabbit://u:p@h1:5672,u:p@h2:5672/vhost), rabbits:// for TLS, or memory:// inside one process. Characters with a meaning in URLs are percent-encoded in user and password; a $ is written $$.',
  }),
  control_exchange: string({
    default: 'nova',
    pattern: /^\S+$/,
    maxBytes: NAME_BYTES,
    allowed: `a name without blanks, of at most ${NAME_BYTES} bytes`,
    help: 'The exchange under which topics live.',
  }),
  rpc_response_timeout: seconds({
    default: 60,
    min: 0.001,
    help: 'How long an RPC call waits for its answer.',
  }),
  rpc_ping_enabled: boolean({
    default: false,
    help: 'Answer oslo_rpc_server_ping, by which monitoring asks each RPC server whether it takes requests.',
  }),

  report_interval: seconds({
    default: 10,
    min: 0.1,
    mutable: true,
    help: 'Time between two heartbeats of a service record.',
  }),
  service_down_time: seconds({
    default: 60,
    min: 0.1,
    mutable: true,
    help: 'A service without a heartbeat for this long counts as down. Keep it at several times report_interval.',
  }),
  periodic_enable: boolean({ default: true, help: 'Run periodic tasks.' }),
  periodic_fuzzy_delay: seconds({
    default: 60,
    help: 'Periodic tasks start after a random delay of up to this, so that daemons started together do not work together. 0: no delay.',
  }),
  run_external_periodic_tasks: boolean({
    default: true,
    help: 'Run those periodic tasks, too, that a separate process could run. False: leave them to it.',
  }),
  graceful_shutdown_timeout: seconds({
    default: 60,
    mutable: true,
    help: 'How long a stopping service waits for requests that are still running; then they are cut. 0: as long as they take.',
  }),
  restart_method: string({
    default: 'mutate',
    choices: ['mutate', 'reload'],
    help: 'What SIGHUP does. mutate: the options that are mutable change in the running processes. reload: new worker processes replace the old ones, one after another, or, in a single process, the service stops and starts again; so every option is read anew.',
  }),

  osapi_compute_listen: string({
    default: '127.0.0.1',
    pattern: /^\S+$/,
    allowed: 'an IP address or host name',
    help: 'Address on which the compute REST API listens. The API has no authentication yet: do not publish it.',
  }),
  osapi_compute_listen_port: port({ default: 8774, help: 'Port of the compute REST API.' }),
  osapi_compute_workers: integer({
    default: 1,
    min: 1,
    max: 1024,
    unit: 'processes',
    help: 'Processes of nova-api.',
  }),
  osapi_max_limit: integer({
    default: 1000,
    min: 1,
    unit: 'items',
    mutable: true,
    help: 'Most items in one answer of a list request.',
  }),

  compute_driver: string({
    default: 'fake.FakeDriver',
    choices: ['fake.FakeDriver'],
    help: 'The virtualization driver of nova-compute. fake.FakeDriver keeps guests in memory; see group fake.',
  }),
  default_availability_zone: string({
    default: 'nova',
    pattern: /^[^\s:]+$/,
    allowed: 'a name without blanks and colons',
    help: 'Availability zone of computes.',
  }),
  reserved_host_memory_mb: integer({
    default: 512,
    min: 0,
    unit: 'MiB',
    help: 'Memory of a compute that guests do not get.',
  }),
  reserved_host_disk_mb: integer({
    default: 0,
    min: 0,
    unit: 'MiB',
    help: 'Disk of a compute that guests do not get.',
  }),
  reserved_host_cpus: integer({
    default: 0,
    min: 0,
    unit: 'CPUs',
    help: 'Physical CPUs of a compute that guests do not get.',
  }),
  initial_cpu_allocation_ratio: float({
    default: 4,
    min: 0.001,
    max: 1_000_000,
    help: 'Virtual CPUs offered per physical CPU, when a compute registers first.',
  }),
  initial_ram_allocation_ratio: float({
    default: 1,
    min: 0.001,
    max: 1_000_000,
    help: 'Memory offered per memory, when a compute registers first.',
  }),
  initial_disk_allocation_ratio: float({
    default: 1,
    min: 0.001,
    max: 1_000_000,
    help: 'Disk offered per disk, when a compute registers first.',
  }),
  update_resources_interval: seconds({
    default: 60,
    min: -1,
    mutable: true,
    help: 'Time between two reports of a compute about its resources. 0: every 60 seconds; below 0: never.',
  }),
  sync_power_state_interval: seconds({
    default: 600,
    min: -1,
    mutable: true,
    help: "Time between two comparisons of the power states of a compute's guests with their records. 0: every 60 seconds; below 0: never.",
  }),
  max_concurrent_builds: integer({
    default: 10,
    min: 0,
    unit: 'builds',
    mutable: true,
    help: 'Builds that a compute works on at once; others wait in their order, and count as in progress. 0: no limit.',
  }),
  running_deleted_instance_action: string({
    default: 'reap',
    choices: ['noop', 'log', 'shutdown', 'reap'],
    mutable: true,
    help: 'What a compute does with a guest whose instance is recorded as deleted. noop: nothing; log: say so; shutdown: turn it off; reap: destroy it. A guest of which there is no record at all, or whose record is on another host, is always left alone: see nova-manage guest.',
  }),
  running_deleted_instance_poll_interval: seconds({
    default: 1800,
    mutable: true,
    help: 'Time between two times that running_deleted_instance_action is taken. 0: never.',
  }),
  running_deleted_instance_timeout: seconds({
    default: 1800,
    mutable: true,
    help: 'For so long a compute must have seen, each time it looked, that the instance is recorded as deleted. It is the time in which a wrong database can be noticed before guests are destroyed.',
  }),
  heal_instance_info_cache_interval: seconds({
    default: 60,
    min: -1,
    mutable: true,
    help: 'Time between two comparisons of the interfaces of all instances of a compute: their ports, their records, their guests. 0 or less: never.',
  }),
  instance_build_timeout: seconds({
    default: 300,
    mutable: true,
    help: 'A build without progress for this long ends in ERROR. Making the guest is one step: set it above the longest that takes. 0: never. Deletions and power operations without progress are repeated after half of it (0: 150 seconds).',
  }),
} as const;
