/** Gives this process no processor time for so many milliseconds, as the system does that stops it or has too much to do. */
export function stall(milliseconds: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, milliseconds);
}
