import 'reflect-metadata';
import { Controller, Logger, type LogLevel, Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import {
  ClientProxyFactory,
  EventPattern,
  MessagePattern,
  type MicroserviceOptions,
  Payload,
  type RmqOptions,
  Transport,
} from '@nestjs/microservices';
import { lastValueFrom } from 'rxjs';
import type { Contender, EchoArgs, EchoClient, EchoService, Place } from '../contender.ts';

/** Its RabbitMQ transport with its defaults (direct reply-to, nothing acknowledged), and `noDelay`. */
export const contender: Contender = { serve, connect };

const LOGGED: LogLevel[] = ['warn', 'error'];

function rmqOptions({ url, topic }: Place): RmqOptions {
  return {
    transport: Transport.RMQ,
    options: {
      urls: [url],
      queue: topic,
      queueOptions: { durable: false },
      socketOptions: { connectionOptions: { noDelay: true } },
    },
  };
}

async function serve(place: Place, service: EchoService): Promise<void> {
  class EchoController {
    echo(args: EchoArgs): EchoArgs | Promise<EchoArgs> {
      return service.echo(args);
    }

    note(args: EchoArgs): void {
      service.note(args);
    }
  }
  class EchoModule {}
  decorateMethod(EchoController.prototype, 'echo', MessagePattern('echo'));
  decorateMethod(EchoController.prototype, 'note', EventPattern('note'));
  Controller()(EchoController);
  Module({ controllers: [EchoController] })(EchoModule);
  Logger.overrideLogger(LOGGED);
  const options = { ...rmqOptions(place), logger: LOGGED };
  const app = await NestFactory.createMicroservice<MicroserviceOptions>(EchoModule, options);
  await app.listen();
}

type Decorator = (prototype: object, name: string, descriptor: PropertyDescriptor) => unknown;

/** What `@MessagePattern('echo') echo(@Payload() args)` does. */
function decorateMethod(prototype: object, name: string, decorate: Decorator): void {
  Payload()(prototype, name, 0);
  const descriptor = Object.getOwnPropertyDescriptor(prototype, name);
  if (descriptor !== undefined) decorate(prototype, name, descriptor);
}

async function connect(place: Place): Promise<EchoClient> {
  Logger.overrideLogger(LOGGED);
  const client = ClientProxyFactory.create(rmqOptions(place));
  await client.connect();
  return {
    call: (args) => lastValueFrom(client.send<EchoArgs>('echo', args)),
    cast: (args) => lastValueFrom(client.emit<void>('note', args), { defaultValue: undefined }),
  };
}
