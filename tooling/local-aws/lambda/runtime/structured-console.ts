import { format } from 'node:util';

const LEVELS = ['TRACE', 'DEBUG', 'INFO', 'WARN', 'ERROR', 'FATAL'] as const;
type Level = (typeof LEVELS)[number];

const METHODS = [
  { method: 'trace', level: 'TRACE' },
  { method: 'debug', level: 'DEBUG' },
  { method: 'log', level: 'INFO' },
  { method: 'info', level: 'INFO' },
  { method: 'warn', level: 'WARN' },
  { method: 'error', level: 'ERROR' },
] as const;

let requestId: string | undefined;

/** The invocation that lines logged from now on belong to. */
export function setRequestId(id: string): void {
  requestId = id;
}

/**
 * Makes `console` write as Lambda's does. `JSON` is one JSON object a line, without lines below
 * `lowestLevel`; `Text` is tab-separated. `process.stdout.write` is left alone, as on Lambda.
 * Source: https://docs.aws.amazon.com/lambda/latest/dg/nodejs-logging.html
 */
export function wrapConsole(logFormat: string, lowestLevel: string): void {
  const formatLine = logFormat === 'JSON' ? jsonLine : textLine;
  for (const { method, level } of METHODS) {
    const isWritten = logFormat !== 'JSON' || rank(level) >= rank(lowestLevel);
    console[method] = (...parameters: unknown[]) => {
      if (isWritten) process.stdout.write(`${formatLine(level, parameters)}\n`);
    };
  }
}

function rank(level: string): number {
  return LEVELS.findIndex((known) => known === level);
}

function textLine(level: Level, parameters: unknown[]): string {
  // A newline would start another log event.
  const message = format(...parameters).replaceAll('\n', '\r');
  return `${new Date().toISOString()}\t${requestId ?? 'undefined'}\t${level}\t${message}`;
}

function jsonLine(level: Level, parameters: unknown[]): string {
  const line = { timestamp: new Date().toISOString(), level, requestId };
  if (parameters.length === 1) return jsonOfOne(line, parameters[0]);

  const error = parameters.find((parameter) => parameter instanceof Error);
  return JSON.stringify({
    ...line,
    message: format(...parameters),
    ...(error === undefined ? {} : described(error)),
  });
}

function jsonOfOne(line: Record<string, unknown>, message: unknown): string {
  try {
    return JSON.stringify({ ...line, message }, (_key, value: unknown) =>
      value instanceof Error ? Object.assign(described(value), value) : value,
    );
  } catch {
    // A circular object or a BigInt has no JSON.
    return JSON.stringify({ ...line, message: format(message) });
  }
}

function described(error: Error) {
  return {
    errorType: error.constructor.name,
    errorMessage: error.message,
    stackTrace: (error.stack ?? '').split('\n').slice(1),
  };
}
