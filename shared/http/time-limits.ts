/** How long a caller may take, in milliseconds. Not constants, so that a test need not wait as long as a caller may. */
export const timeLimits = {
  /** Until the headers are complete. */
  headersMs: 10_000,
  /** Without a byte of the body. */
  silentMs: 10_000,
  /** Until the body is complete: its wait for room, its way and Pub/Sub's 10 s have the platform's 30 s together. */
  completeMs: 18_000,
  /** Until the rest of a body has come that was refused, or the caller has ended a connection that we have ended. */
  lingerMs: 10_000,
  /** Until an answer is read. */
  unreadMs: 10_000,
};
