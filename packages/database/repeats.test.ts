import { expect, it, onTestFinished, vi } from 'vitest';
import { DatabaseRefused, DatabaseUnavailable } from './errors.ts';
import { withPatience } from './patience.ts';
import { type RepeatOptions, Repeats } from './repeats.ts';

/** Without a limit: with such short intervals it would be over within a stall of the machine. */
function repeats(options: RepeatOptions = {}) {
  const said: string[] = [];
  const logger = {
    info: (_data: object, message: string) => void said.push(message),
    warn: (_data: object, message: string) => void said.push(message),
  };
  return {
    said,
    repeats: new Repeats({ interval: 0.001, maxInterval: 0.002, maxRetries: -1, ...options }, logger),
  };
}

/** Fails with each of the errors, then answers. */
function failing(...errors: unknown[]) {
  let runs = 0;
  const attempt = async () => {
    runs += 1;
    if (runs <= errors.length) throw errors[runs - 1];
    return 'answer';
  };
  return { attempt, runs: () => runs };
}

const undone = new DatabaseUnavailable('refused');
const unknown = new DatabaseUnavailable('cut', { outcome: 'unknown' });

it('retries, and logs once that the database is away and once that it is back', async () => {
  const { repeats: own, said } = repeats({ interval: 0.01 });
  expect(await own.run(failing(undone, undone, undone).attempt)).toBe('answer');
  expect(said).toEqual(['The database is away', 'The database is back']);
});

it('does not log repeatedly while only some requests fail', async () => {
  const { repeats: own, said } = repeats({ maxRetries: 0 });
  for (let round = 0; round < 3; round += 1) {
    await expect(own.run(failing(undone).attempt)).rejects.toBe(undone);
    await own.run(async () => 'answer');
  }
  expect(said).toEqual(['The database is away', 'The database is back']);
});

it('knows the errors of the drivers', async () => {
  const refused = Object.assign(new Error('connect ECONNREFUSED'), { code: 'ECONNREFUSED' });
  expect(await repeats().repeats.run(failing(refused).attempt)).toBe('answer');
});

it.each([
  ['what may have been done', unknown],
  ['what a retry cannot mend', new DatabaseRefused('wrong password')],
  ['what is no outage', new Error('no such table')],
])('does not try %s again', async (_what, error) => {
  const { attempt, runs } = failing(error);
  await expect(repeats().repeats.run(attempt)).rejects.toBe(error);
  expect(runs()).toBe(1);
});

it('repeats what may have been done when that does no harm', async () => {
  expect(await repeats().repeats.run(failing(unknown).attempt, () => true)).toBe('answer');
});

it('gives up after the allowed retries, or when the patience is over', async () => {
  const many = Array.from({ length: 10 }, () => undone);
  const few = failing(...many);
  await expect(repeats({ maxRetries: 0 }).repeats.run(few.attempt)).rejects.toBe(undone);
  expect(few.runs()).toBe(1);

  const hasty = failing(...many);
  const { repeats: slow } = repeats({ interval: 60, maxInterval: 60 });
  await expect(withPatience(1, () => slow.run(hasty.attempt))).rejects.toBe(undone);
  expect(hasty.runs()).toBe(2);
});

it('knows the last outage of some seconds, even while it lasts, and ignores shorter ones', async () => {
  let now = 0;
  const clock = vi.spyOn(performance, 'now').mockImplementation(() => now);
  onTestFinished(() => clock.mockRestore());
  const { repeats: own } = repeats();
  const shorter = failing(undone);
  await own.run(() => {
    now += 4000;
    return shorter.attempt();
  });
  expect(own.lastOutage).toBeUndefined();

  const since = now;
  const outages: unknown[] = [];
  const { attempt } = failing(undone, undone);
  await own.run(() => {
    now += 6000;
    outages.push(own.lastOutage);
    return attempt();
  });
  now += 60_000;
  expect([...outages, own.lastOutage]).toEqual([
    undefined,
    { since, until: since + 12_000 },
    { since, until: since + 18_000 },
    { since, until: since + 18_000 },
  ]);
});
