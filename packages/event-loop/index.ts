export { Fifo } from './fifo.ts';
export { Turns, turns } from './turns.ts';
