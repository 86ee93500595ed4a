/** The command cannot run as it was given; the message is for the person who gave it. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}
