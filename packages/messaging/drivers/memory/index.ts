export { createMemoryDriver } from './memory-driver.ts';
