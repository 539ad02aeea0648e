/** A wrong command line: the text says what to correct. */
export class UsageError extends Error {}
