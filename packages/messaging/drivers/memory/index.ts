export type { DeadLetter } from './dead-letters.ts';
export { createMemoryDriver, memoryDeadLetters } from './memory-driver.ts';
