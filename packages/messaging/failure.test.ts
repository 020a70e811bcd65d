import { expect, test } from 'vitest';
import { MessagingTimeout, NoSuchMethod, RemoteError, UnsupportedVersion } from './errors.ts';
import { deserializeFailure, serializeFailure } from './failure.ts';
import { type Failure, isExpectedError, markExpected, remoteErrors } from './remote-errors.ts';

/** Recorded from an oslo.messaging peer. */
const RECORDED = {
  valueError: {
    class: 'ValueError',
    module: 'builtins',
    message: 'bad thing',
    tb: ['Traceback (most recent call last):\n', 'ValueError: bad thing\n'],
    args: ['bad thing'],
    kwargs: {},
  },
  noSuchMethod: {
    class: 'NoSuchMethod',
    module: 'oslo_messaging.rpc.dispatcher',
    message: 'Endpoint does not support RPC method nosuch',
    tb: [
      'Traceback (most recent call last):\n',
      'oslo_messaging.rpc.dispatcher.NoSuchMethod: Endpoint does not support RPC method nosuch\n',
    ],
    args: ['Endpoint does not support RPC method nosuch'],
    kwargs: {},
  },
  unsupportedVersion: {
    class: 'UnsupportedVersion',
    module: 'oslo_messaging.rpc.dispatcher',
    message: 'Endpoint does not support RPC version 2.0. Attempted method: echo',
    tb: ['Traceback (most recent call last):\n'],
    args: ['Endpoint does not support RPC version 2.0. Attempted method: echo'],
    kwargs: {},
  },
} satisfies Record<string, Failure>;

class FlavorNotFound extends Error {
  readonly flavorId: string;

  constructor(flavorId: string) {
    super(`Flavor ${flavorId} could not be found.`);
    this.flavorId = flavorId;
  }
}

class PrivateFlavorNotFound extends FlavorNotFound {}

function registerFlavorNotFound(): void {
  remoteErrors.register({
    module: 'shop.exception',
    class: 'FlavorNotFound',
    type: FlavorNotFound,
    toKwargs: (error) => ({ flavor_id: (error as FlavorNotFound).flavorId }),
    fromFailure: ({ kwargs }) => {
      if (typeof kwargs.flavor_id !== 'string') throw new TypeError('no flavor_id');
      return new FlavorNotFound(kwargs.flavor_id);
    },
  });
}

const sent = (error: unknown) => JSON.parse(serializeFailure(error)) as Failure;

test('our own errors leave as the recorded ones of oslo.messaging', () => {
  const { tb: _tb, ...noSuchMethod } = RECORDED.noSuchMethod;
  expect(sent(new NoSuchMethod('nosuch'))).toMatchObject(noSuchMethod);
  const { tb: _tb2, ...unsupportedVersion } = RECORDED.unsupportedVersion;
  expect(sent(new UnsupportedVersion('2.0', 'echo'))).toMatchObject(unsupportedVersion);
});

test('the recorded errors of oslo.messaging arrive as ours', () => {
  const noSuchMethod = deserializeFailure(JSON.stringify(RECORDED.noSuchMethod));
  expect(noSuchMethod).toBeInstanceOf(NoSuchMethod);
  expect(noSuchMethod).toMatchObject({ method: 'nosuch', message: RECORDED.noSuchMethod.message });
  const unsupportedVersion = deserializeFailure(JSON.stringify(RECORDED.unsupportedVersion));
  expect(unsupportedVersion).toBeInstanceOf(UnsupportedVersion);
  expect(unsupportedVersion).toMatchObject({ version: '2.0', method: 'echo' });
});

test('a Python error that nobody registered arrives as RemoteError', () => {
  const error = deserializeFailure(JSON.stringify(RECORDED.valueError));
  expect(error).toBeInstanceOf(RemoteError);
  expect(error).toMatchObject({
    code: 'REMOTE_ERROR',
    excType: 'ValueError',
    module: 'builtins',
    value: 'bad thing',
    traceback: RECORDED.valueError.tb,
    args: ['bad thing'],
    kwargs: {},
  });
});

test('a RemoteError that is passed on leaves unchanged', () => {
  const error = deserializeFailure(JSON.stringify(RECORDED.valueError));
  expect(sent(error)).toEqual(RECORDED.valueError);
});

class Unnamed extends Error {}
class Named extends Error {
  override readonly name = 'NamedError';
}

test.each<[unknown, string, string, string]>([
  [new Error('m'), 'builtins', 'Exception', 'm'],
  [new TypeError('m'), 'builtins', 'TypeError', 'm'],
  [new RangeError('m'), 'builtins', 'ValueError', 'm'],
  [new Unnamed('m'), 'javascript', 'Unnamed', 'm'],
  [new Named('m'), 'javascript', 'NamedError', 'm'],
  [Object.assign(new Error('m'), { name: 'No identifier' }), 'javascript', 'Exception', 'm'],
  [new MessagingTimeout('m'), 'oslo_messaging.exceptions', 'MessagingTimeout', 'm'],
  ['m', 'builtins', 'Exception', 'm'],
  [undefined, 'builtins', 'Exception', 'undefined'],
  [Object.create(null), 'builtins', 'Exception', '[Object: null prototype] {}'],
])('%s leaves as %s.%s', (error, module, className, message) => {
  expect(sent(error)).toMatchObject({ module, class: className, message, args: [message], kwargs: {} });
});

test('a timeout of the remote end does not look like one of this end', () => {
  const error = deserializeFailure(serializeFailure(new MessagingTimeout('no reply')));
  expect(error).toBeInstanceOf(RemoteError);
  expect(error).toMatchObject({ excType: 'MessagingTimeout' });
});

test('a registered error crosses the wire with its data, and its cause has the remote traceback', () => {
  registerFlavorNotFound();
  const failure = sent(new FlavorNotFound('m1.tiny'));
  expect(failure).toMatchObject({
    module: 'shop.exception',
    class: 'FlavorNotFound',
    message: 'Flavor m1.tiny could not be found.',
    args: ['Flavor m1.tiny could not be found.'],
    kwargs: { flavor_id: 'm1.tiny' },
  });
  const error = deserializeFailure(JSON.stringify(failure));
  expect(error).toBeInstanceOf(FlavorNotFound);
  expect(error).toMatchObject({ flavorId: 'm1.tiny', cause: { traceback: failure.tb } });
});

test('registering twice changes nothing', () => {
  registerFlavorNotFound();
  registerFlavorNotFound();
  expect(deserializeFailure(serializeFailure(new FlavorNotFound('x')))).toBeInstanceOf(FlavorNotFound);
});

test('a name registered anew belongs to the new class', () => {
  class Before extends Error {}
  class After extends Error {}
  for (const type of [Before, After]) remoteErrors.register({ module: 'test', class: 'Renamed', type });
  expect(sent(new After('m'))).toMatchObject({ module: 'test', class: 'Renamed' });
  expect(sent(new Before('m'))).toMatchObject({ module: 'javascript', class: 'Before' });
});

test('a subclass leaves as the nearest registered class', () => {
  registerFlavorNotFound();
  expect(sent(new PrivateFlavorNotFound('x'))).toMatchObject({ class: 'FlavorNotFound' });
});

test('a registered error that cannot be rebuilt arrives as RemoteError', () => {
  registerFlavorNotFound();
  const failure = { ...sent(new FlavorNotFound('x')), kwargs: { id: 1 } };
  expect(deserializeFailure(JSON.stringify(failure))).toMatchObject({
    code: 'REMOTE_ERROR',
    excType: 'FlavorNotFound',
    kwargs: { id: 1 },
  });
});

test('only errors of allowed modules are rebuilt, and those of oslo.messaging', () => {
  registerFlavorNotFound();
  const text = serializeFailure(new FlavorNotFound('x'));
  expect(deserializeFailure(text, { allowedModules: ['shop.exception'] })).toBeInstanceOf(FlavorNotFound);
  expect(deserializeFailure(text, { allowedModules: [] })).toBeInstanceOf(RemoteError);
  const own = serializeFailure(new NoSuchMethod('x'));
  expect(deserializeFailure(own, { allowedModules: [] })).toBeInstanceOf(NoSuchMethod);
});

test('data fields that are not JSON do not cost the error', () => {
  class Circular extends Error {}
  remoteErrors.register({
    module: 'test',
    class: 'Circular',
    type: Circular,
    toKwargs: (error) => ({ self: error as never, big: 1n as never }),
  });
  expect(sent(new Circular('m'))).toMatchObject({ class: 'Circular', message: 'm', kwargs: {} });
});

test('the traceback is split into lines, and includes a limited number of causes', () => {
  const root = new Error('root');
  const error = new Error('top', { cause: new Error('middle', { cause: root }) });
  root.cause = error;
  const { tb } = sent(error);
  expect(tb.every((line) => line.endsWith('\n') && line.indexOf('\n') === line.length - 1)).toBe(true);
  expect(tb.join('')).toMatch(/^Error: top\n.*Caused by:\nError: middle\n.*Caused by:\nError: root\n/s);
});

test.each([
  ['', ''],
  ['boom', 'boom'],
  ['[1]', '[1]'],
  ['{"message": "half a failure"}', 'half a failure'],
  ['{"tb": [1, {"toString": 1}, ["nested"]]}', ''],
  ['{"class": 1, "module": null, "message": [], "tb": {}, "args": {}, "kwargs": []}', ''],
])('the failure %s, in an unknown form, still is a RemoteError', (text, value) => {
  expect(deserializeFailure(text)).toMatchObject({ code: 'REMOTE_ERROR', excType: 'Exception', value });
});

test('expected are errors that are registered, marked or remote', () => {
  registerFlavorNotFound();
  expect(isExpectedError(new FlavorNotFound('x'))).toBe(true);
  expect(isExpectedError(new PrivateFlavorNotFound('x'))).toBe(true);
  expect(isExpectedError(markExpected(new Error('full')))).toBe(true);
  expect(isExpectedError(deserializeFailure('{}'))).toBe(true);
  expect(isExpectedError(new Error('full'))).toBe(false);
  expect(isExpectedError('text')).toBe(false);
});

test('an error that cannot be extended keeps its class, without its cause', () => {
  class Frozen extends Error {}
  remoteErrors.register({
    module: 'test.frozen',
    class: 'Frozen',
    type: Frozen,
    fromFailure: ({ message }) => Object.freeze(new Frozen(message)),
  });
  const error = deserializeFailure(serializeFailure(new Frozen('cold')));
  expect(error).toBeInstanceOf(Frozen);
  expect(error.message).toBe('cold');
});
