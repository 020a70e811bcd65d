interface TimerRecord {
  timer: NodeJS.Timeout;
  /** Where it was set. */
  stack: string;
}

/** Code whose timers are to be gone: the package's own and its AMQP library's. */
const WATCHED = /packages\/messaging\/(?!test\/)|node_modules\/amqplib\//;

/** A timer that has fired, or was cleared; one that was set again by `refresh` is not. */
function isOver(timer: NodeJS.Timeout): boolean {
  return '_destroyed' in timer && timer._destroyed === true;
}

/**
 * Watches the timers that the messaging code sets, from its creation to `stop`. Node.js lists only those that keep
 * the process alive, and a leaked timer is mostly one that does not.
 */
export class TimerWatch {
  readonly #original = { setTimeout: globalThis.setTimeout, setInterval: globalThis.setInterval };
  #records: TimerRecord[] = [];

  constructor() {
    globalThis.setTimeout = this.#watched(globalThis.setTimeout);
    globalThis.setInterval = this.#watched(globalThis.setInterval);
  }

  stop(): void {
    Object.assign(globalThis, this.#original);
  }

  /** Where the timers were set that are still running. */
  running(): string[] {
    this.#records = this.#records.filter(({ timer }) => !isOver(timer));
    return this.#records.map(({ stack }) => stack);
  }

  #watched<T extends typeof setTimeout | typeof setInterval>(original: T): T {
    const record = (timer: NodeJS.Timeout): void => {
      const { stack = '' } = new Error('set');
      if (WATCHED.test(stack)) this.#records.push({ timer, stack });
      // Thousands of calls set thousands of timers.
      if (this.#records.length % 50_000 === 0) this.running();
    };
    return new Proxy(original, {
      apply(target, receiver, args) {
        const timer = Reflect.apply(target, receiver, args);
        record(timer);
        return timer;
      },
    });
  }
}
