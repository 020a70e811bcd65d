import { afterAll, expect, vi } from 'vitest';

/** Where the runner keeps what it knows of the file that runs. */
const RUNNERS_OWN = /vitest|vite_ssr|__coverage__/;

/** What appears when it is first used, and stays as it is: of `fetch`, which each Node.js numbers as it likes, and of ours. */
const MADE_ONCE =
  /^globalThis\.Symbol\((undici\.\w+\.\d+|opentelemetry\.js\.api\.1)\)$|^process\.env\.MINI_NOVA_TEST_RUN$/;

/** Of a global that Node.js loads when it is first used, and that is a value from then on. */
const LOADED_LATER = Symbol('loaded later');

const PROCESS = [
  'exitCode',
  'exit',
  'kill',
  'emit',
  'emitWarning',
  'hrtime',
  'on',
  'off',
  'once',
  'title',
] as const;

/** What the files of a process share, by name. */
function shared(): Map<string, unknown> {
  const found = new Map<string, unknown>();
  const noteAll = (owner: string, values: object) => {
    for (const name of Reflect.ownKeys(values)) {
      const { get, value } = Object.getOwnPropertyDescriptor(values, name) ?? {};
      found.set(`${owner}.${String(name)}`, get ? LOADED_LATER : value);
    }
  };
  noteAll('globalThis', globalThis);
  noteAll('console', console);
  noteAll('process.env', process.env);
  for (const name of PROCESS) found.set(`process.${name}`, process[name]);
  for (const name of ['stdout', 'stderr'] as const) found.set(`process.${name}.write`, process[name].write);
  for (const event of process.eventNames()) {
    found.set(`the number of listeners to ${String(event)} of process`, process.listenerCount(event));
  }
  // What a process opens once, such as the sink of its log, it closes when it exits.
  found.delete('the number of listeners to exit of process');
  const telemetry = Reflect.get(globalThis, Symbol.for('opentelemetry.js.api.1')) ?? {};
  for (const name of ['context', 'propagation', 'trace']) {
    found.set(`OpenTelemetry's ${name}`, Reflect.get(telemetry, name));
  }
  found.set('process.cwd()', process.cwd());
  found.set('vi.isFakeTimers()', vi.isFakeTimers());
  return found;
}

function changes(before: Map<string, unknown>, after: Map<string, unknown>): string[] {
  const names = [...new Set([...before.keys(), ...after.keys()])];
  return names.filter((name) => {
    const [was, is] = [before.get(name), after.get(name)];
    const isNew = was === LOADED_LATER || (was === undefined && MADE_ONCE.test(name));
    return !Object.is(was, is) && !isNew && !RUNNERS_OWN.test(name);
  });
}

const before = shared();

// Registered first, it runs after all others of the file.
afterAll(() => {
  expect(changes(before, shared()), 'what this file leaves changed for others in its process').toEqual([]);
});
