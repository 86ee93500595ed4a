/** Aborts when somebody ends the command. */
export function stopOnSignals(): AbortSignal {
  const stopping = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.once(signal, () => {
      stopping.abort();
    });
  }
  return stopping.signal;
}

/** Rejects when the signal is aborted, or if it already is. */
export function rejectWhen(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    const end = () => {
      reject(new Error('Stopped'));
    };
    if (signal.aborted) end();
    else signal.addEventListener('abort', end);
  });
}
