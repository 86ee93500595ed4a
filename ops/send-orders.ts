import { text as textOf } from 'node:stream/consumers';
import { readFile } from 'node:fs/promises';
import { parseArgs } from 'node:util';

import { SendMessageCommand, type SQSClient } from '@aws-sdk/client-sqs';
import {
  messageDeduplicationId,
  messageGroupId,
  type OrderEventSettings,
} from '@button-serverless/validation/orders';
import * as z from 'zod';

import { brandName } from '../infra/order-reporting-config.ts';
import { callerPath } from './caller-path.ts';
import { checkedAsText, checkMessages } from './check/check-messages.ts';
import { splitMessages } from './check/split-messages.ts';
import { createClients } from './clients.ts';
import { DEFAULT_OUTPUTS_FILE, defaultOutputsFile } from './default-outputs-file.ts';
import type { Outlets } from './run.ts';
import { readStage, type DeployedStage } from './stage.ts';
import { suggestion } from './suggestion.ts';
import { opsLine } from './timeline/words.ts';
import { UsageError } from './usage-error.ts';
import { visible } from './visible.ts';

const USAGE = `Checks order messages as the reporter does, and puts them on the order queue.

npm run send -- (FILE | -) [options]

FILE holds one message, a JSON list, or one message on each line; - is standard input.

  --brand ID           whose orders they are (default: the stage's only brand)
  --outputs-file FILE  the outputs of a deployed stage (default: ${DEFAULT_OUTPUTS_FILE}, or else the system that
                       npm start runs on this machine)
  --help

If the reporter would refuse a message, nothing is sent. Exit codes: 0 all were sent; 1 a message would be refused, or
was not sent; 2 the command or the outputs file is wrong, and nothing was sent.
`;

const SettingsSchema = z.object({
  orderBy: z.enum(['sequence', 'time']),
  testTokens: z.enum(['allow', 'refuse', 'require']),
  allowFinalizationDate: z.boolean(),
});

/** Runs `npm run send`; returns the exit code. */
export async function sendOrders(
  args: readonly string[],
  { out, err, readInput = () => textOf(process.stdin) }: Outlets,
): Promise<number> {
  try {
    const { values, positionals } = readLine(args);
    const [file, ...others] = positionals;
    if (values.help === true) {
      out(USAGE);
      return 0;
    }
    if (file === undefined || others.length > 0)
      throw new UsageError('Name one file, or - for standard input.');
    const outputs = values['outputs-file'];
    const stage = await readStage(outputs === undefined ? defaultOutputsFile() : callerPath(outputs));
    const brand = brandOf(stage, values.brand);
    const text = file === '-' ? await readInput() : await readMessages(callerPath(file));
    const checked = await checkMessages(text, settingsOf(stage, brand));
    if (checked.length === 0) throw new UsageError(`${file} contains no message.`);
    if (checked.some(({ verdict }) => verdict === 'refused')) {
      err(
        `${visible(checkedAsText(checked))}Nothing was sent. npm run ops -- explain CODE says how to fix a code.\n`,
      );
      return 1;
    }
    await sendAll(text, { stage, queueUrl: stage.output(`OrderQueueUrl${brandName(brand)}`), out });
    return 0;
  } catch (error) {
    err(visible(`${error instanceof Error ? error.message : String(error)}\n`));
    return error instanceof UsageError ? 2 : 1;
  }
}

/** The options and the files of the command line. Throws a `UsageError`. */
function readLine(args: readonly string[]) {
  try {
    return parseArgs({
      args: [...args],
      allowPositionals: true,
      options: {
        brand: { type: 'string' },
        'outputs-file': { type: 'string' },
        help: { type: 'boolean' },
      },
    });
  } catch (error) {
    const problem = error instanceof Error ? error.message : String(error);
    throw new UsageError(`${problem}\n(--help lists the options)`, { cause: error });
  }
}

async function readMessages(path: string): Promise<string> {
  return readFile(path, 'utf8').catch((error: unknown) => {
    throw new UsageError(`The file ${path} cannot be read.`, { cause: error });
  });
}

function brandOf({ brands }: DeployedStage, asked: string | undefined): string {
  const [only, ...others] = brands;
  if (only === undefined) throw new UsageError('This stage reports no orders.');
  if (asked === undefined && others.length > 0)
    throw new UsageError(`Say whose orders they are: --brand ${brands.join(' or --brand ')}.`);
  if (asked !== undefined && !brands.includes(asked))
    throw new UsageError(`The stage has no brand "${asked}".${suggestion(asked, brands)}`);
  return asked ?? only;
}

function settingsOf(stage: DeployedStage, brand: string): OrderEventSettings {
  return SettingsSchema.parse(JSON.parse(stage.output(`OrderSettings${brandName(brand)}`)));
}

/** The fields that every accepted message has. */
const EventSchema = z.looseObject({
  id: z.string(),
  source: z.string(),
  subject: z.string(),
});

async function sendAll(
  text: string,
  { stage, queueUrl, out }: { stage: DeployedStage; queueUrl: string; out: Outlets['out'] },
): Promise<void> {
  const clients = createClients(stage);
  try {
    for (const { body } of splitMessages(text)) {
      const { orderId, messageId } = await sendOne(clients.sqs, { queueUrl, body });
      out(
        `Order ${orderId} is on the queue, as message ${messageId}. What happens: ${opsLine('show', orderId)}\n`,
      );
    }
  } finally {
    clients.close();
  }
}

async function sendOne(
  sqs: SQSClient,
  { queueUrl, body }: { queueUrl: string; body: string },
): Promise<{ orderId: string; messageId: string }> {
  const event = EventSchema.parse(JSON.parse(body));
  const { MessageId: messageId = '' } = await sqs.send(
    new SendMessageCommand({
      QueueUrl: queueUrl,
      MessageBody: body,
      MessageGroupId: messageGroupId(event.subject),
      MessageDeduplicationId: messageDeduplicationId(event),
    }),
  );
  return { orderId: event.subject, messageId };
}
