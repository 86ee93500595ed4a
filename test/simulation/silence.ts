/** Drops what the code under simulation logs. */
export function silenceLogs(): void {
  for (const level of ['info', 'warn', 'error'] as const) console[level] = () => undefined;
}
