import { createWriteStream } from 'node:fs';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { StringDecoder } from 'node:string_decoder';

/** Where lines of a log group go. */
export type Log = {
  /** Takes in every line of a stream until it ends. */
  follow(output: Readable): void;
  /** Adds a line. */
  write(line: string): void;
  close(): Promise<void>;
};

/** How long a line may wait for others, so that one write to the file takes all of them. */
const FLUSH_INTERVAL_MS = 50;

/**
 * Reports every line to `onLine` and writes it to the file a little later. A continued file keeps what it
 * contains.
 */
export function openLog(
  { directory, name, isContinued = false }: { directory: string; name: string; isContinued?: boolean },
  onLine: (line: string) => void,
): Log {
  const file = createWriteStream(join(directory, `${name}.log`), { flags: isContinued ? 'a' : 'w' });

  const write = (line: string) => {
    if (file.writableCorked === 0) {
      file.cork();
      setTimeout(() => {
        file.uncork();
      }, FLUSH_INTERVAL_MS).unref();
    }
    file.write(`${line}\n`);
    onLine(line);
  };
  return {
    follow: (output) => {
      eachLine(output, write);
    },
    write,
    close: () =>
      new Promise((resolve) => {
        file.end(resolve);
      }),
  };
}

/**
 * Not `readline`: it also ends lines at characters that stand within JSON texts and within multi-line
 * messages.
 */
function eachLine(output: Readable, onLine: (line: string) => void): void {
  const decoder = new StringDecoder('utf8');
  let unfinished = '';
  output.on('data', (chunk: Buffer) => {
    const lines = (unfinished + decoder.write(chunk)).split('\n');
    unfinished = lines.pop() ?? '';
    lines.forEach(onLine);
  });
  output.on('end', () => {
    if (unfinished !== '') onLine(unfinished);
  });
}
