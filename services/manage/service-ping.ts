import { type Column, listTable } from '@mini-nova/client/table';
import type { DataConfig } from '@mini-nova/data/options';
import { hasStopped, ServiceStore } from '@mini-nova/data/services/store';
import { getTransport, silentLogger } from '@mini-nova/messaging';
import type { Service } from '@mini-nova/objects';
import { BaseAPI, createRpc, RequestContext, transportOptions } from '@mini-nova/service';
import { type Command, InvalidArgumentError } from 'commander';
import type { ManageIo } from './io.ts';
import { withMigratedDatabase } from './with-database.ts';

/** There is no record of the services that were asked for. */
export class ServicesMissing extends Error {
  override readonly name = 'ServicesMissing';
}

/** Daemons that should answer did not. */
export class ServicesSilent extends Error {
  override readonly name = 'ServicesSilent';
}

/** What one daemon said. */
export interface PingResult {
  binary: string;
  host: string;
  answer: 'yes' | 'no' | 'no RPC';
  /** Why there was no answer, or why none was expected. */
  reason: string | null;
  /** Until the answer. */
  milliseconds: number | null;
  /** Of the daemon's observability endpoint; null: it has none, or did not tell. */
  backdoor_port: number | null;
  /** It should have answered. */
  failed: boolean;
}

interface Flags {
  host?: string;
  binary?: string;
  timeout: number;
  json?: boolean;
}

/** Seconds that each daemon has to answer. */
const TIMEOUT = 5;

/** The REST API: it listens on no topic. */
const WITHOUT_RPC = 'nova-osapi_compute';

const COLUMNS: readonly Column<PingResult>[] = [
  ['Binary', ({ binary }) => binary],
  ['Host', ({ host }) => host],
  ['Answer', ({ answer }) => answer],
  ['Milliseconds', ({ milliseconds }) => milliseconds],
  ['Observability_Port', ({ backdoor_port }) => backdoor_port],
  ['Reason', ({ reason }) => reason],
];

/** Adds `nova-manage service ping`. */
export function addServicePing(
  service: Command,
  configOf: (command: Command) => DataConfig,
  io: ManageIo,
): void {
  service
    .command('ping')
    .description('ask the daemons through their queues whether they answer')
    .option('--host <host>', 'only those of this host')
    .option('--binary <binary>', 'only those of this name')
    .option('--timeout <seconds>', 'how long each may take to answer', seconds, TIMEOUT)
    .option('--json', 'print JSON, for programs')
    .action((flags: Flags, command: Command) => pingServices(flags, configOf(command), io));
}

/**
 * Asks each daemon through its own queue whether it answers, all at once, and prints what they said.
 *
 * @throws ServicesMissing
 * @throws ServicesSilent when one did not answer that is enabled, was not stopped and was not forced down
 */
async function pingServices(flags: Flags, config: DataConfig, io: ManageIo): Promise<void> {
  const { host, binary, timeout, json = false } = flags;
  const services = await withMigratedDatabase(config, async (db) => [
    ...(await new ServiceStore(db.kysely).list({ host, binary })),
  ]);
  if (services.length === 0) throw new ServicesMissing('There is no record of such a service.');
  const results = await pingAll(services, config, timeout);
  io.out(json ? `${JSON.stringify(results)}\n` : listTable(COLUMNS, results));
  const silent = results.filter(({ failed }) => failed);
  if (silent.length === 0) return;
  throw new ServicesSilent(
    `No answer from ${silent.map(({ binary, host }) => `${binary} on ${host}`).join(', ')}.`,
  );
}

async function pingAll(
  services: readonly Service[],
  config: DataConfig,
  timeout: number,
): Promise<PingResult[]> {
  const transport = getTransport({ ...transportOptions(config), logger: silentLogger, name: 'nova-manage' });
  const rpc = createRpc(transport);
  try {
    return await Promise.all(
      services.map((service) => {
        const { topic, host: server } = service;
        const base = new BaseAPI(rpc, { topic: topic ?? '', server: server ?? '', timeout, retry: 0 });
        return ping(base, service);
      }),
    );
  } finally {
    await transport.close();
  }
}

async function ping(base: BaseAPI, service: Service): Promise<PingResult> {
  const result = {
    binary: service.binary ?? '',
    host: service.host ?? '',
    reason: null,
    milliseconds: null,
    backdoor_port: null,
    failed: false,
  };
  if (result.binary === WITHOUT_RPC) return { ...result, answer: 'no RPC' };
  const start = performance.now();
  try {
    await base.ping(RequestContext.admin(), { arg: 'nova-manage' });
  } catch (error) {
    const excuse = excuseOf(service);
    const why = error instanceof Error ? error.message : String(error);
    return { ...result, answer: 'no', reason: excuse ?? why, failed: excuse === undefined };
  }
  const milliseconds = Math.round((performance.now() - start) * 10) / 10;
  return { ...result, answer: 'yes', milliseconds, backdoor_port: await backdoorPort(base) };
}

/** Why nobody expects an answer. */
function excuseOf(service: Service): string | undefined {
  if (service.forced_down) return 'it was forced down';
  if (hasStopped(service)) return 'it has stopped';
  return service.disabled ? 'it is disabled' : undefined;
}

/** Foreign services may not have this method, or may answer anything. */
async function backdoorPort(base: BaseAPI): Promise<number | null> {
  try {
    const port = await base.getBackdoorPort(RequestContext.admin());
    return typeof port === 'number' ? port : null;
  } catch {
    return null;
  }
}

function seconds(text: string): number {
  const value = Number(text);
  if (value > 0 && value <= 3600) return value;
  throw new InvalidArgumentError('It must be a number of seconds above 0, and at most 3600.');
}
