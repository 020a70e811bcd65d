/**
 * Milliseconds until the first sign of life of a call that is to be heard of less often. It tells its caller which server has it, and
 * so whom to ask the broker about when that falls silent.
 */
export const FIRST_SIGN = 500;
