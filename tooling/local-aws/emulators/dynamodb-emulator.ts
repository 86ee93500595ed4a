import { createServer } from 'node:net';
import { createRequire } from 'node:module';
import { setTimeout as delay } from 'node:timers/promises';
import { killProcess } from '../processes.ts';
import type { Processes } from '../processes.ts';
import { awsJsonClient } from './aws-json-client.ts';
import type { AwsJsonClient } from './aws-json-client.ts';

/** DynamoDB and DynamoDB Streams on this machine. Everything is in memory. */
export type DynamoDbEmulator = {
  endpoint: string;
  tables: AwsJsonClient;
  streams: AwsJsonClient;
  /** Rejects when the emulator ends without having been asked to. */
  failed: Promise<never>;
  close(): Promise<void>;
};

const PACKAGE = '@dynoxide/linux-x64';
/** The program inside the package; missing where the package is not installed. */
export const DYNAMODB_BINARY = `${PACKAGE}/dynoxide`;

const START_LIMIT_MS = 10_000;

/**
 * Starts dynoxide on a free port. Rejects when its binary is missing or when it does not answer within ten
 * seconds.
 */
export async function startDynamoDb(processes: Processes, region: string): Promise<DynamoDbEmulator> {
  const program = locateBinary();
  const port = await freePort();
  const child = processes.spawn(program, ['serve', '--port', String(port)], { cwd: '/', env: {} });
  let closing = false;
  const ended = new Promise<never>((_resolve, reject) => {
    const errors: string[] = [];
    child.stderr.on('data', (chunk: Buffer) => errors.push(chunk.toString()));
    child.stdout.resume();
    child.once('error', reject);
    child.once('exit', (code, signal) => {
      if (!closing)
        reject(
          new Error(
            `The DynamoDB emulator ended (${signal ?? `exit status ${code ?? '?'}`}). ${errors.join('').slice(-500)}`,
          ),
        );
    });
  });
  // Whoever awaits `failed` hears of it; nobody has to.
  ended.catch(() => undefined);

  const endpoint = `http://127.0.0.1:${port}`;
  const tables = awsJsonClient({ endpoint, service: 'DynamoDB_20120810', region });
  const close = async () => {
    closing = true;
    await killProcess(child);
  };
  await Promise.race([untilAnswering(tables), ended]).catch(async (error: unknown) => {
    await close();
    throw error;
  });
  return {
    endpoint,
    tables,
    streams: awsJsonClient({ endpoint, service: 'DynamoDBStreams_20120810', region }),
    failed: ended,
    close,
  };
}

function locateBinary(): string {
  try {
    return createRequire(import.meta.url).resolve(DYNAMODB_BINARY);
  } catch (cause) {
    throw new Error(
      `The DynamoDB emulator is missing: the optional package ${PACKAGE} is not installed. ` +
        `It exists for Linux on x64 (this is ${process.platform} on ${process.arch}); there, run "npm ci" without --omit=optional.`,
      { cause },
    );
  }
}

/** The emulator cannot choose a port itself: with port 0 it never says which one it got. */
async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, '127.0.0.1', resolve);
  });
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  if (address === null || typeof address === 'string') throw new Error('No free port.');
  return address.port;
}

async function untilAnswering(tables: AwsJsonClient): Promise<void> {
  const deadline = Date.now() + START_LIMIT_MS;
  for (;;) {
    try {
      await tables('ListTables', {});
      return;
    } catch (cause) {
      if (Date.now() > deadline) throw new Error('The DynamoDB emulator does not answer.', { cause });
      await delay(5);
    }
  }
}
