import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { limitsWith } from '../../../limits.ts';
import { type Logger, silentLogger } from '../../../logger.ts';
import { type OutgoingMessage, Publication, undeliverable } from '../publish/publication.ts';
import { rabbitSettings } from '../rabbit-options.ts';
import { ReplySender } from './reply-sender.ts';

const BODY = Buffer.alloc(60, 'x');

let queues: Set<string>;
let pending: Publication[];
let warnings: unknown[];
let replies: ReplySender;

/** Has written everything; `settle` tells what became of it. */
const publisher = {
  publish(message: OutgoingMessage): Publication {
    const publication = new Publication(message);
    publication.written = true;
    pending.push(publication);
    return publication;
  },
};

function settle(): void {
  for (const publication of pending.splice(0)) {
    const { message } = publication;
    publication.settle(queues.has(message.routingKey) ? undefined : undeliverable(message));
  }
}

beforeEach(() => {
  vi.useFakeTimers();
  queues = new Set();
  pending = [];
  warnings = [];
  const logger: Logger = { ...silentLogger, warn: (_fields: object, text: string) => warnings.push(text) };
  const limits = limitsWith({ outboxBytes: 100 });
  replies = new ReplySender(publisher, { settings: rabbitSettings(), limits, logger });
});
afterEach(() => {
  replies.close();
  vi.useRealTimers();
});

test('replies to missing queues are kept up to so many bytes', async () => {
  await replies.send('gone', BODY, false);
  settle();
  expect(warnings).toEqual([]);
  await replies.send('gone', BODY, false);
  settle();
  expect(warnings).toEqual(['messages refused: too many wait for their queue']);
});

test('once what waited for a queue has been taken, further results do not wait for each other', async () => {
  expect(await replies.sendResult('reply', BODY, 'server')).toBe(true);
  settle();
  queues.add('reply');
  vi.advanceTimersByTime(250);
  settle();
  // The outcome of these stays unknown.
  expect(await replies.sendResult('reply', BODY, 'server')).toBe(true);
  expect(await replies.sendResult('reply', BODY, 'server')).toBe(true);
});
