import { describe, expect, test, vi } from 'vitest';
import { type JsonObject, markExpected, RemoteError, remoteErrors } from '../packages/messaging/index.ts';
import { RecordingLogger } from '../packages/messaging/test/recording-logger.ts';
import { CTXT } from '../packages/messaging/test/rpc-fixture.ts';
import { BothEnds } from './support/both-ends.ts';

/** Known to both ends, with its data fields. */
class QuotaExceeded extends Error {
  readonly data: JsonObject;

  constructor(message: string, data: JsonObject) {
    super(message);
    this.data = data;
  }
}
class Conflict extends Error {}
class Picky extends Error {}
class Secret extends Error {}
class HostNotFound extends Error {}

remoteErrors.register({
  module: 'peer_errors',
  class: 'QuotaExceeded',
  type: QuotaExceeded,
  toKwargs: (error) => (error as QuotaExceeded).data,
  fromFailure: ({ message, kwargs }) => new QuotaExceeded(message, kwargs),
});
remoteErrors.register({
  module: 'peer_errors',
  class: 'Conflict',
  type: Conflict,
  fromFailure: ({ message }) => new Conflict(message),
});
remoteErrors.register({ module: 'peer_errors', class: 'Picky', type: Picky });
remoteErrors.register({ module: 'peer_unlisted_errors', class: 'Secret', type: Secret });
remoteErrors.register({ module: 'nova.elsewhere', class: 'HostNotFound', type: HostNotFound });

const ends = BothEnds.use();

describe("a Python server's exception", () => {
  const boom = async (error: string, transport = ends.transport()): Promise<unknown> => {
    await ends.servePython();
    return ends.client({ transport }).call(CTXT, 'boom', { error });
  };

  test('of a built-in class arrives as RemoteError, with name, message and traceback', async () => {
    const error = await boom('ValueError("bad thing")').catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(RemoteError);
    expect(error).toMatchObject({
      excType: 'ValueError',
      module: 'builtins',
      value: 'bad thing',
      args: ['bad thing'],
    });
    expect(error).toMatchObject({ traceback: expect.arrayContaining([expect.stringContaining('in boom')]) });
  });

  test('of a registered class is rebuilt from its keyword arguments', async () => {
    const error = await boom('peer_errors.QuotaExceeded(resource="cores", limit=4)').catch(
      (reason) => reason,
    );
    expect(error).toBeInstanceOf(QuotaExceeded);
    expect(error).toMatchObject({
      message: 'No quota left for cores',
      data: { resource: 'cores', limit: 4 },
      cause: {
        code: 'REMOTE_ERROR',
        traceback: expect.arrayContaining([expect.stringContaining('in boom')]),
      },
    });
  });

  test('of a registered class is rebuilt from its message', async () => {
    await expect(boom('peer_errors.Conflict("taken 🚀")')).rejects.toThrow(new Conflict('taken 🚀'));
  });

  test('of a class without a way to rebuild it arrives as RemoteError', async () => {
    await expect(boom('peer_errors.Picky()')).rejects.toMatchObject({
      code: 'REMOTE_ERROR',
      excType: 'Picky',
      module: 'peer_errors',
    });
  });

  test('of a registered class that is not allowed arrives as RemoteError', async () => {
    const transport = ends.transport({ allowedRemoteExmods: ['nova.exception'] });
    await expect(boom('peer_errors.Conflict("taken")', transport)).rejects.toMatchObject({
      code: 'REMOTE_ERROR',
      excType: 'Conflict',
      value: 'taken',
    });
  });

  test('of an unknown class arrives as RemoteError', async () => {
    await expect(boom('peer_unlisted_errors.Secret("hush")')).rejects.toMatchObject({
      excType: 'Secret',
      module: 'peer_unlisted_errors',
      value: 'hush',
    });
  });

  test('that it expects arrives the same, and its log stays quiet', async () => {
    await ends.servePython();
    const call = (method: string, error: string) => ends.client().call(CTXT, method, { error });
    const failure = { excType: 'ValueError' };
    await expect(call('expected_boom', 'ValueError("expected-thing")')).rejects.toMatchObject(failure);
    await expect(call('expected_boom', 'KeyError("other-thing")')).rejects.toMatchObject({
      excType: 'KeyError',
    });
    await vi.waitFor(() => expect(ends.python.log).toContain('other-thing'));
    expect(ends.python.log).not.toContain('expected-thing');
  });
});

describe('an error of our server', () => {
  const boom = async (error: unknown, log = new RecordingLogger()): Promise<unknown> => {
    const endpoint = {
      boom: () => {
        throw error;
      },
    };
    await ends.serve(endpoint, { transport: ends.transport({ logger: log }) });
    return ends.python.call({ target: ends.target, method: 'boom' });
  };

  test.each([
    ['RangeError', 'ValueError', new RangeError('bad thing')],
    ['TypeError', 'TypeError', new TypeError('bad thing')],
    ['Error', 'Exception', new Error('bad thing')],
    ['a thrown text', 'Exception', 'bad thing'],
  ])('is a built-in exception in Python: %s as %s', async (_ours, theirs, error) => {
    await expect(boom(error)).rejects.toMatchObject({
      type: theirs.endsWith('Error') ? theirs : 'Exception',
      module: 'builtins',
      message: expect.stringMatching(/^bad thing\n/),
    });
  });

  test('of a registered class is rebuilt there from its message and keyword arguments', async () => {
    const error = new QuotaExceeded('none left 🚀', { resource: 'cores', limit: 4 });
    await expect(boom(error)).rejects.toMatchObject({
      type: 'QuotaExceeded_Remote',
      module: 'peer_errors_Remote',
      bases: expect.arrayContaining(['QuotaExceeded']),
      args: ['none left 🚀'],
      kwargs: { resource: 'cores', limit: 4 },
    });
  });

  test('of a registered class is rebuilt there from its message alone', async () => {
    await expect(boom(new Conflict('taken'))).rejects.toMatchObject({
      type: 'Conflict_Remote',
      args: ['taken'],
    });
  });

  test('brings its stack as the traceback', async () => {
    await expect(boom(new Conflict('taken'))).rejects.toThrow(/taken\n(.*\n)*.*errors\.test\.ts/);
  });

  test.each([
    ['whose class Python cannot make of it', 'Picky', new Picky('choosy')],
    ['whose module Python does not allow', 'Secret', new Secret('hush')],
    ['whose module Python does not have', 'HostNotFound', new HostNotFound('host1')],
    ['whose class is not registered', 'Unheard', new (class Unheard extends Error {})('of')],
  ])('is a RemoteError in Python: %s', async (_title, name, error) => {
    await expect(boom(error)).rejects.toMatchObject({
      type: 'RemoteError',
      message: expect.stringContaining(`Remote error: ${name} ${error.message}`),
    });
  });

  test('that is expected arrives the same, and our log stays quiet', async () => {
    const log = new RecordingLogger();
    await expect(boom(markExpected(new RangeError('expected')), log)).rejects.toMatchObject({
      type: 'ValueError',
    });
    expect(log.lines.filter(({ level }) => level === 'error')).toEqual([]);
  });

  test('that came from a third process is passed on as what it was', async () => {
    await ends.servePython();
    const boom = () =>
      ends.client().prepare({ server: 'py' }).call(CTXT, 'boom', { error: 'ValueError("from afar")' });
    await ends.serve({ boom });
    const target = { ...ends.target, server: 'ts' };
    await expect(ends.python.call({ target, method: 'boom' })).rejects.toMatchObject({
      type: 'ValueError',
      message: expect.stringContaining('from afar'),
    });
  });
});
