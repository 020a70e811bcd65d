export type { DeadLetter } from './memory-bus.ts';
export { createMemoryDriver, memoryDeadLetters } from './memory-driver.ts';
