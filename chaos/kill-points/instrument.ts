import { AsyncLocalStorage } from 'node:async_hooks';
import { Database } from '@mini-nova/database';
import { Control } from './control.ts';

/**
 * Loaded into a daemon before its own code (`node --import`): each RPC that it sends or serves, and each transaction, is a point before and a point
 * after it. A process that is to be killed at a point kills itself there. What a daemon does of its own accord
 * (heartbeats and periodic tasks) has no points.
 */

type Method = (this: unknown, ...args: never[]) => Promise<unknown>;

interface Message {
  method: string;
  args: { objinst?: unknown; objname?: unknown; objmethod?: unknown };
}

const { CHAOS_CONTROL = '', CHAOS_NAME = '', CHAOS_COUNTS_ALL = '' } = process.env;

/** Reports of a daemon about itself, and what it looks up for its periodic tasks. */
const OF_ITS_OWN =
  /^(ping|echo|set_inventory|get_host_nw_info|.*\b((Service|ComputeNode)\.\w+|InstanceList\.get_by_host))$/;

const control = new Control(CHAOS_CONTROL);
const scope = new AsyncLocalStorage<string>();
const counts = new Map<string, number>();
let countedRun: string | null = null;

function passPoint(label: string): void {
  const { run, killAt } = control.orders;
  if (run === null || (CHAOS_COUNTS_ALL === '' && scope.getStore() === undefined)) return;
  if (run !== countedRun) counts.clear();
  countedRun = run;
  const count = (counts.get(label) ?? 0) + 1;
  counts.set(label, count);
  const point = `${CHAOS_NAME} ${label} ${count}`;
  control.note(point);
  if (point === killAt) process.kill(process.pid, 'SIGKILL');
}

/** `describe` names the step; undefined if it has no points. */
function around(
  prototype: Record<string, Method>,
  name: string,
  describe: (args: unknown[]) => string | undefined,
  within: (label: string, work: () => Promise<unknown>) => Promise<unknown> = (_label, work) => work(),
): void {
  const original = prototype[name];
  if (original === undefined) throw new Error(`There is no ${name} to be watched`);
  prototype[name] = async function (this: unknown, ...args: never[]) {
    const label = describe(args);
    if (label === undefined) return original.apply(this, args);
    return within(label, async () => {
      passPoint(`before ${label}`);
      const result = await original.apply(this, args);
      passPoint(`after ${label}`);
      return result;
    });
  };
}

function nameOf({ method, args }: Message): string {
  const { objinst, objname, objmethod } = args;
  if (typeof objmethod !== 'string') return method;
  const ofInstance = (objinst as Record<string, unknown> | undefined)?.['nova_object.name'];
  const className = objname ?? ofInstance ?? (objinst as object | undefined)?.constructor.name;
  return `${method} ${String(className)}.${objmethod}`;
}

function unlessOfItsOwn(kind: string, message: Message): string | undefined {
  const name = nameOf(message);
  return OF_ITS_OWN.test(name) ? undefined : `${kind} ${name}`;
}

async function prototypeOf(file: string, name: string): Promise<Record<string, Method>> {
  const url = new URL(file, import.meta.resolve('@mini-nova/messaging'));
  const module = (await import(url.href)) as Record<string, { prototype: Record<string, Method> }>;
  const found = module[name];
  if (found === undefined) throw new Error(`There is no ${name} in ${file}`);
  return found.prototype;
}

const callContext = await prototypeOf('rpc/call-context.js', 'CallContext');
for (const kind of ['call', 'cast']) {
  around(callContext, kind, ([_ctxt, method, args]) =>
    unlessOfItsOwn(kind, { method: String(method), args: args ?? {} }),
  );
}
around(
  await prototypeOf('rpc/dispatcher.js', 'RPCDispatcher'),
  'dispatch',
  ([_ctxt, message]) => unlessOfItsOwn('serve', message as Message),
  (label, work) => scope.run(label, work),
);
around(Database.prototype as unknown as Record<string, Method>, 'transaction', () => 'transaction');
