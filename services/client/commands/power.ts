import type { PowerAction, ServerDocument } from '@mini-nova/api/documents';
import type { Command } from 'commander';
import { addCommand, type CommandContext, contextOf, pollOptions, printItem } from '../command.ts';
import { eachServer, failOnFailed } from '../each-server.ts';
import type { ClientIo } from '../io.ts';
import { failOnErrors, pollServers } from '../poll.ts';
import { powerActions } from './power-actions.ts';

interface PowerOptions {
  hard?: boolean;
  poll?: boolean;
  pollTimeout: number;
}

export function addPowerCommands(program: Command, io: ClientIo): void {
  for (const change of powerActions) {
    const command = addCommand(program, change.name, change.description).argument(
      '<server...>',
      'names or ids',
    );
    if (change.name === 'reboot') command.option('--hard', 'switch off and on, without asking the guest');
    for (const option of pollOptions('it is done')) command.addOption(option);
    command.action(async (servers: string[], options: PowerOptions, self: Command) => {
      await changePower(change, servers, options, contextOf(self, io));
    });
  }
}

async function changePower(
  change: PowerAction,
  names: string[],
  { poll, pollTimeout, hard }: PowerOptions,
  context: CommandContext,
): Promise<void> {
  const { nova, io, json } = context;
  const { done: servers, failed } = await eachServer(context, names, async ({ id }, name) => {
    await nova.serverAction(id, {
      [change.action]: change.hasBody ? { type: hard ? 'HARD' : 'SOFT' } : null,
    });
    if (!json) io.out(`Request to ${change.name} server ${name} has been accepted.\n`);
    return poll ? pollOne(context, id, change, pollTimeout) : nova.getServer(id);
  });
  const [server] = servers;
  if (json && names.length > 1) printItem(context, { servers, failed });
  else if (json && server) printItem(context, server);
  if (poll) failOnErrors(servers, change.activity);
  failOnFailed(failed, change.name);
}

async function pollOne(
  { nova, io }: CommandContext,
  id: string,
  { activity, until }: PowerAction,
  timeout: number,
): Promise<ServerDocument> {
  const [server] = await pollServers(nova, io, [id], { activity, until: [until], timeout });
  return server ?? nova.getServer(id);
}
