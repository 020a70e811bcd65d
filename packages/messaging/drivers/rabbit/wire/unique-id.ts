import { randomFillSync } from 'node:crypto';

/** Random bytes are cheap by the thousand only. */
const POOL = Buffer.alloc(4_096);
const ID_DIGITS = 32;

let digits = '';
let used = 0;

/** 128 random bits as 32 hexadecimal digits, the form in which the wire carries ids. */
export function uniqueId(): string {
  if (used === digits.length) {
    digits = randomFillSync(POOL).toString('hex');
    used = 0;
  }
  const id = digits.slice(used, used + ID_DIGITS);
  used += ID_DIGITS;
  return id;
}
