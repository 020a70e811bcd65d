import { type Column, listTable } from '@mini-nova/client/table';
import type { GuestRecord, Outcome } from '@mini-nova/compute/rpcapi';
import { GuestAPI } from '@mini-nova/compute/rpcapi';
import type { DataConfig } from '@mini-nova/data/options';
import { getTransport, silentLogger } from '@mini-nova/messaging';
import { createRpc, RequestContext, transportOptions } from '@mini-nova/service';
import { type Command, InvalidArgumentError } from 'commander';
import { adoptGuest } from './adoption.ts';
import type { ManageIo } from './io.ts';
import { withMigratedDatabase } from './with-database.ts';

/** The guest is not there, or what was asked for cannot be done with it. */
export class GuestRefused extends Error {
  override readonly name = 'GuestRefused';
}

interface Flags {
  host: string;
  timeout: number;
  json?: boolean;
  all?: boolean;
  project?: string;
  user?: string;
}

/** Seconds that a compute has to answer. */
const TIMEOUT = 60;

const ctxt = RequestContext.admin();

const COLUMNS: readonly Column<GuestRecord>[] = [
  ['Uuid', ({ uuid }) => uuid],
  ['Name', ({ name }) => name],
  ['State', ({ state }) => state],
  ['Recorded_Host', ({ recorded_host }) => recorded_host],
  ['VCPUs', ({ vcpus }) => vcpus],
  ['Memory_MB', ({ memory_mb }) => memory_mb],
  ['Disk_GB', ({ disk_gb }) => disk_gb],
  ['Power', ({ power_state }) => power_state],
];

/** Adds `nova-manage guest list|adopt|remove|accept-records`. */
export function addGuestCommands(
  program: Command,
  configOf: (command: Command) => DataConfig,
  io: ManageIo,
): void {
  const guests = program
    .command('guest')
    .description('guests that are not recorded on their host: the computes leave them alone');
  subcommand(
    guests,
    'list',
    'list those that are deleted, moved, moving, elsewhere or unknown in the records',
  )
    .option('--all', 'also those that are recorded on the host')
    .action((flags: Flags, command: Command) =>
      withCompute(configOf(command), flags, async (compute) => {
        const found = await compute.listGuests(ctxt, flags.host);
        const shown = flags.all ? found : found.filter(({ state }) => state !== 'here');
        io.out(flags.json ? `${JSON.stringify(shown)}\n` : listTable(COLUMNS, shown));
      }),
    );
  subcommand(
    guests,
    'adopt',
    'make a record of a guest of which there is none: an instance, its allocation, its ports',
  )
    .argument('<uuid>', 'as shown by list')
    .option('--project <id>', 'its owner. Default: what the guest says', notEmpty)
    .option('--user <id>', 'its owner. Default: what the guest says', notEmpty)
    .action((uuid: string, flags: Flags, command: Command) => adopt(uuid, flags, configOf(command), io));
  subcommand(guests, 'remove', 'destroy a guest that is not recorded on the host')
    .argument('<uuid>', 'as shown by list')
    .option('--yes', 'confirm it: a destroyed guest cannot be brought back')
    .action((uuid: string, flags: Flags & { yes?: boolean }, command: Command) => {
      if (!flags.yes) command.error(`error: this destroys the guest ${uuid} on ${flags.host}: give --yes`);
      return withCompute(configOf(command), flags, async (compute) =>
        tell(io, flags, await compute.removeGuest(ctxt, flags.host, { instance_uuid: uuid })),
      );
    });
  subcommand(
    guests,
    'accept-records',
    'let a compute whose own records were missing go on with those that it has now',
  ).action((flags: Flags, command: Command) =>
    withCompute(configOf(command), flags, async (compute) =>
      tell(io, flags, await compute.acceptRecords(ctxt, flags.host)),
    ),
  );
}

function subcommand(guests: Command, name: string, description: string): Command {
  return guests
    .command(name)
    .description(description)
    .requiredOption('--host <host>', 'host of the compute', notEmpty)
    .option('--timeout <seconds>', 'how long the compute may take to answer', seconds, TIMEOUT)
    .option('--json', 'print JSON, for programs');
}

async function adopt(uuid: string, flags: Flags, config: DataConfig, io: ManageIo): Promise<void> {
  const { host, project, user, json = false } = flags;
  await withCompute(config, flags, async (compute) => {
    const guest = (await compute.listGuests(ctxt, host)).find((one) => one.uuid === uuid);
    if (!guest) throw new GuestRefused(`There is no guest ${uuid} on ${host}.`);
    if (guest.state !== 'unknown') {
      throw new GuestRefused(
        `There is a record of ${uuid} (${guest.state}): only unknown guests are adopted.`,
      );
    }
    const owner = { projectId: project ?? guest.project_id, userId: user ?? guest.user_id };
    const { refused } = await withMigratedDatabase(config, (db) => adoptGuest(db, host, guest, owner));
    // This makes the compute count its guests anew, and give back what it had reserved.
    await compute.listGuests(ctxt, host);
    const addresses = refused.map(
      (address) => `Another port has the address ${address}; the guest keeps using it.\n`,
    );
    io.out(
      json ? `${JSON.stringify({ adopted: uuid, refused })}\n` : `Adopted ${uuid}.\n${addresses.join('')}`,
    );
  });
}

function tell(io: ManageIo, { json = false }: Flags, outcome: Outcome): void {
  if (json) io.out(`${JSON.stringify(outcome)}\n`);
  if (!outcome.done) throw new GuestRefused(`Nothing was done: ${outcome.reason}.`);
  if (!json) io.out(`Done: ${outcome.reason}.\n`);
}

async function withCompute(
  config: DataConfig,
  { timeout }: Flags,
  work: (compute: GuestAPI) => Promise<void>,
): Promise<void> {
  const transport = getTransport({ ...transportOptions(config), logger: silentLogger, name: 'nova-manage' });
  try {
    await work(new GuestAPI(createRpc(transport), { timeout }));
  } finally {
    await transport.close();
  }
}

function notEmpty(text: string): string {
  if (text !== '') return text;
  throw new InvalidArgumentError('It must not be empty.');
}

function seconds(text: string): number {
  const value = Number(text);
  if (value > 0 && value <= 3600) return value;
  throw new InvalidArgumentError('It must be a number of seconds above 0, and at most 3600.');
}
