import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { limitsWith } from '../../../limits.ts';
import { silentLogger } from '../../../logger.ts';
import { rabbitSettings } from '../rabbit-options.ts';
import { type OutgoingMessage, Publication, undeliverable } from './publication.ts';
import { ReturnedMessages } from './returned-messages.ts';

/** Holds what is published until a test says what became of it. */
const published: Publication[] = [];
const publisher = {
  publish(message: OutgoingMessage): Publication {
    const publication = new Publication(message);
    published.push(publication);
    return publication;
  },
};

let returned: ReturnedMessages;
beforeEach(() => {
  vi.useFakeTimers();
  const limits = limitsWith({ outboxBytes: 100 });
  returned = new ReturnedMessages(publisher, { settings: rabbitSettings(), limits, logger: silentLogger });
});
afterEach(() => {
  returned.close();
  published.length = 0;
  vi.useRealTimers();
});

function message(text: string): OutgoingMessage {
  return { routingKey: 'queue', body: Buffer.from(text), retry: 0, done: () => {} };
}

function comeBack(publication: Publication | undefined): void {
  publication?.settle(undeliverable(publication.message));
}

function bodies(): string[] {
  return published.splice(0).map(({ body }) => body.toString());
}

test('the first is tried again and again, and the others follow when it is taken', () => {
  for (const text of ['a', 'b', 'c']) returned.keep(message(text));
  vi.advanceTimersByTime(250);
  comeBack(published[0]);
  vi.advanceTimersByTime(250);
  expect(published).toHaveLength(2);
  published[1]?.settle();
  expect(bodies()).toEqual(['a', 'a', 'b', 'c']);
});

test('a message that nobody needs any more when it comes back again is not kept', () => {
  const kept = { ...message('b'), isOver: false };
  returned.keep(message('a'));
  returned.keep(kept);
  vi.advanceTimersByTime(250);
  published[0]?.settle();
  kept.isOver = true;
  comeBack(published[1]);
  published.length = 0;
  vi.advanceTimersByTime(1_000);
  expect(bodies()).toEqual([]);
});

test('no more bytes are kept than there is room for, over and over', () => {
  const onGivenUp = vi.fn(() => true);
  for (let round = 0; round < 3; round += 1) {
    const large = message('x'.repeat(60));
    expect(returned.keep(large)).toBe(true);
    expect(returned.keep({ ...message('x'.repeat(60)), onGivenUp })).toBe(false);
    returned.takeBack(large);
  }
  expect(onGivenUp).toHaveBeenCalledTimes(3);
});
