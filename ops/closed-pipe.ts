/**
 * Lets a command end as it would, also if nobody reads its output to the end, as in `… | head`. Without this,
 * Node.js ends it at once, in the middle of a change.
 */
export function surviveClosedPipes(streams: readonly NodeJS.WritableStream[]): void {
  for (const stream of streams)
    stream.on('error', (error: NodeJS.ErrnoException) => {
      if (error.code !== 'EPIPE') throw error;
    });
}
