/** An instance came to be in a state. */
export interface StateChange {
  uuid: string;
  vm_state: string | null;
  task_state: string | null;
  /** Milliseconds since the epoch. */
  at: number;
}

/** Must be quick and not throw: it runs in the path of a save. */
export type StateChangeListener = (change: StateChange) => void;

/** Those who want to hear of instances' states. */
export class StateChangeListeners {
  readonly #listeners = new Set<StateChangeListener>();

  /** @returns a function that takes the listener away again */
  add(listener: StateChangeListener): () => void {
    this.#listeners.add(listener);
    return () => {
      this.#listeners.delete(listener);
    };
  }

  /** @param at ISO 8601 text */
  notify({ uuid, vm_state, task_state }: Omit<StateChange, 'at'>, at: string): void {
    for (const listener of this.#listeners) listener({ uuid, vm_state, task_state, at: Date.parse(at) });
  }
}
