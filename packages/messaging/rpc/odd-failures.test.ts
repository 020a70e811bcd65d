import { expect, test } from 'vitest';
import { ODD_FAILURES } from '../test/odd-failures.ts';
import { failureOf, serveScripted } from '../test/scripted-server.ts';

test.each(Object.entries(ODD_FAILURES))(
  'a method that throws %s is answered and logged',
  async (_name, thrown) => {
    const endpoint = {
      fail: () => {
        throw thrown();
      },
    };
    const { driver, server, logger, events } = await serveScripted(endpoint);
    const call = driver.deliver({ method: 'fail', args: {} });
    const cast = driver.deliver({ method: 'fail', args: {} }, { expectsReply: false });
    await server.wait();
    expect(failureOf(call)).toMatchObject({ class: 'Exception', message: expect.any(String) });
    for (const { outcomes } of [call, cast]) expect(outcomes).toEqual([expect.anything()]);
    expect(logger.at('error')).toHaveLength(2);
    expect(events).toHaveLength(2);
  },
);
