import type { Contender } from './contender.ts';

/** The contender that this process was started for; no other contender's packages are loaded. */
export async function loadContender(): Promise<Contender> {
  const id = process.argv[2] ?? '';
  const { contender } = (await import(new URL(`contenders/${id}.js`, import.meta.url).href)) as {
    contender: Contender;
  };
  return contender;
}
