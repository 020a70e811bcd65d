import { expect, test } from 'vitest';
import { NotificationFilter, type NotificationFilterOptions } from './notification-filter.ts';

const notification = {
  ctxt: { user_id: 'alice', roles: ['admin'] },
  publisherId: 'compute.host1',
  eventType: 'compute.instance.create.end',
  payload: { state: 'active', count: 3, nested: { state: 'deep' } },
  metadata: { message_id: 'id-1', timestamp: '2026-11-21 01:44:15.431000' },
};

test.each<[string, NotificationFilterOptions, boolean]>([
  ['no pattern', {}, true],
  ['a publisher', { publisherId: 'compute' }, true],
  ['another publisher', { publisherId: 'network' }, false],
  ['an event type', { eventType: 'compute\\.instance\\..*' }, true],
  ['a pattern that matches further inside only', { eventType: 'instance' }, false],
  ['the same with leading freedom', { eventType: '.*instance' }, true],
  ['a pattern for the whole', { publisherId: '^compute\\.host1$' }, true],
  ['alternatives', { publisherId: 'network|compute' }, true],
  ['alternatives, none from the beginning', { publisherId: 'host1|network' }, false],
  ['a compiled pattern with flags', { publisherId: /^COMPUTE/gi }, true],
  ['a context field', { context: { user_id: 'ali' } }, true],
  ['another context field', { context: { user_id: 'bob' } }, false],
  ['a context field that is missing', { context: { tenant: '.*' } }, false],
  ['a context field that is no text', { context: { roles: 'admin' } }, false],
  ['a payload field', { payload: { state: 'active$' } }, true],
  ['two payload fields, one of which is missing', { payload: { state: 'active', host: '' } }, false],
  ['a payload field that is a number', { payload: { count: '3' } }, false],
  ['a payload field further inside', { payload: { nested: 'deep' } }, false],
  ['what every object has', { payload: { constructor: '' } }, false],
  ['a message id', { metadata: { message_id: 'id-1' } }, true],
  ['a time', { metadata: { timestamp: '2025' } }, false],
  [
    'all together',
    { publisherId: 'c', eventType: 'c', payload: { state: 'a' }, context: { user_id: 'a' } },
    true,
  ],
  ['all but one', { publisherId: 'c', eventType: 'c', payload: { state: 'x' } }, false],
])('%s', (_what, options, expected) => {
  const filter = new NotificationFilter(options);
  expect(filter.matches(notification)).toBe(expected);
  // Stateful expressions must not remember the last text.
  expect(filter.matches(notification)).toBe(expected);
});

test('a payload that is no object matches only without patterns for its fields', () => {
  for (const payload of [null, 'active', 7, ['active']]) {
    expect(new NotificationFilter({ payload: { state: '' } }).matches({ ...notification, payload })).toBe(
      false,
    );
    expect(new NotificationFilter({ publisherId: 'c' }).matches({ ...notification, payload })).toBe(true);
  }
});

test('a publisher that has no name matches no pattern', () => {
  const filter = new NotificationFilter({ publisherId: '.*' });
  expect(filter.matches({ ...notification, publisherId: null })).toBe(false);
});

test('what is no expression is refused at once', () => {
  expect(() => new NotificationFilter({ payload: { state: '(' } })).toThrow(SyntaxError);
});

test.each<object>([
  { event_type: 'vm' },
  { eventType: null },
  { eventType: 5 },
  { payload: 'active' },
  { payload: { state: 5 } },
  { context: null },
])('%o is refused rather than matching what it does not mean', (options) => {
  expect(() => new NotificationFilter(options as object)).toThrow(TypeError);
});
