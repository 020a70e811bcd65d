/** Blocks this process for so many milliseconds, as if the system had stopped it or were overloaded. */
export function stall(milliseconds: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, milliseconds);
}
