import { createWriteStream } from 'node:fs';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { StringDecoder } from 'node:string_decoder';
import * as z from 'zod';

/** A CloudWatch embedded metric format document and the function that printed it. */
export type EmfDocument = { functionLogicalId: string; document: Record<string, unknown> };

/** Where the output of a function's environments goes. */
export type FunctionLog = {
  /** Takes in every line of a stream until it ends. */
  follow(output: Readable): void;
  /** Adds a line of Lambda's own. */
  write(line: string): void;
  close(): Promise<void>;
};

/** What hears of the lines. */
export type LogListener = {
  onLine(entry: { functionLogicalId: string; line: string }): void;
  onMetrics(metrics: EmfDocument): void;
};

/** https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html: the root has `_aws`. */
const EmfSchema = z.looseObject({
  _aws: z.looseObject({ Timestamp: z.number(), CloudWatchMetrics: z.array(z.unknown()) }),
});

/** Writes every line to `<directory>/<logicalId>.log`; metric documents go to `onMetrics`, other lines to `onLine`. */
export function openFunctionLog(
  functionLogicalId: string,
  directory: string,
  listener: LogListener,
): FunctionLog {
  const file = createWriteStream(join(directory, `${functionLogicalId}.log`), { flags: 'w' });

  const write = (line: string) => {
    file.write(`${line}\n`);
    const document = emfDocument(line);
    if (document === undefined) listener.onLine({ functionLogicalId, line });
    else listener.onMetrics({ functionLogicalId, document });
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

function emfDocument(line: string): Record<string, unknown> | undefined {
  if (!line.startsWith('{') || !line.includes('"_aws"')) return undefined;
  try {
    return EmfSchema.safeParse(JSON.parse(line)).data;
  } catch {
    return undefined;
  }
}

/** Not `readline`: it also ends lines at characters that stand within JSON texts and within multi-line messages. */
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
