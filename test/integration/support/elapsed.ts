/** How `work` ends, and after how many milliseconds, counted from before it begins. */
export async function elapsed<T>(
  work: () => Promise<T>,
): Promise<{ value?: T; error?: unknown; milliseconds: number }> {
  const start = performance.now();
  const milliseconds = (): number => performance.now() - start;
  return work().then(
    (value) => ({ value, milliseconds: milliseconds() }),
    (error: unknown) => ({ error, milliseconds: milliseconds() }),
  );
}
