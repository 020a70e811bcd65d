import { expect, it, onTestFinished, vi } from 'vitest';
import { DatabaseRefused, DatabaseUnavailable } from './errors.ts';
import { withPatience } from './patience.ts';
import { type RepeatOptions, Repeats } from './repeats.ts';

function repeats(options: RepeatOptions = {}) {
  const said: string[] = [];
  const logger = {
    info: (_data: object, message: string) => void said.push(message),
    warn: (_data: object, message: string) => void said.push(message),
  };
  return { said, repeats: new Repeats({ interval: 0.001, maxInterval: 0.002, ...options }, logger) };
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

it('tries again, and says once that the database is away, and once that it is back', async () => {
  const { repeats: own, said } = repeats({ interval: 0.01 });
  expect(await own.run(failing(undone, undone, undone).attempt)).toBe('answer');
  expect(said).toEqual(['The database is away', 'The database is back']);
});

it('does not say so again and again while a part of what is asked fails', async () => {
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
  ['what a retry does not mend', new DatabaseRefused('wrong password')],
  ['what is no outage', new Error('no such table')],
])('does not try %s again', async (_what, error) => {
  const { attempt, runs } = failing(error);
  await expect(repeats().repeats.run(attempt)).rejects.toBe(error);
  expect(runs()).toBe(1);
});

it('tries what may have been done again when that does no harm', async () => {
  expect(await repeats().repeats.run(failing(unknown).attempt, () => true)).toBe('answer');
});

it('gives up after so many retries, or when the patience is over', async () => {
  const many = Array.from({ length: 10 }, () => undone);
  const few = failing(...many);
  await expect(repeats({ maxRetries: 0 }).repeats.run(few.attempt)).rejects.toBe(undone);
  expect(few.runs()).toBe(1);

  const hasty = failing(...many);
  const { repeats: slow } = repeats({ interval: 60, maxInterval: 60, maxRetries: -1 });
  await expect(withPatience(1, () => slow.run(hasty.attempt))).rejects.toBe(undone);
  expect(hasty.runs()).toBe(2);
});

it('knows the last outage of seconds, also while it lasts, and takes no notice of shorter ones', async () => {
  const { repeats: own } = repeats();
  await own.run(failing(undone).attempt);
  expect(own.lastOutage).toBeUndefined();

  const clock = vi.spyOn(performance, 'now');
  onTestFinished(() => clock.mockRestore());
  const start = performance.now();
  const at = (seconds: number) => start + seconds * 1000;
  clock.mockReturnValue(at(0));
  await own.run(async () => 'answer');
  const outages: unknown[] = [];
  const { attempt } = failing(undone, undone);
  let attempts = 0;
  await own.run(() => {
    clock.mockReturnValue(at(6 * ++attempts));
    outages.push(own.lastOutage);
    return attempt();
  });
  clock.mockReturnValue(at(60));
  expect([...outages, own.lastOutage]).toEqual([
    undefined,
    { since: at(0), until: at(12) },
    { since: at(0), until: at(18) },
    { since: at(0), until: at(18) },
  ]);
});
