import { readFile } from 'node:fs/promises';
import { parseArgs } from 'node:util';

import { InvokeCommand, LambdaClient } from '@aws-sdk/client-lambda';
import * as z from 'zod';

import { ACCOUNT_CHECKS } from './smoke/account-checks.ts';
import { describeResults, playChecks } from './smoke/play-checks.ts';
import { connectSimulator } from './tour/simulator-control.ts';
import { openStage } from './tour/stage.ts';
import { lineNarrator, playTour } from './tour/tour.ts';

const USAGE = `Plays the tour against a deployed development stage, with your AWS credentials, and then checks what only a real account
can show. It puts test orders on the order queue and sends unsigned webhooks. What has to be done by hand is listed with what to expect.

  npx cdk deploy --all --outputs-file cdk-outputs.json
  npm run smoke:aws -- --outputs-file cdk-outputs.json [options]

  --outputs-file FILE         what cdk deploy wrote: where everything is
  --brand ID                  the brand whose queue takes the orders (default: acme)
  --button-control-url URL    the control API of the Button simulator that the stage talks to (its configuration's buttonApiUrl);
                              without it, the steps that only the simulator can do are skipped

Before: give the secrets a value (docs/deploy.md says how), and run the simulator where AWS reaches it:
  npm run button-simulator -- --webhook-url WEBHOOK_URL --webhook-secret SECRET
`;

const OutputsSchema = z.object({
  WebhookUrl: z.string(),
  ReconciliationPlannerName: z.string(),
  OrderLedgerTableName: z.string(),
  OrderQuarantineTableName: z.string(),
  TransactionsTableName: z.string(),
});

async function main(): Promise<number> {
  const { values } = parseArgs({
    options: {
      'outputs-file': { type: 'string' },
      brand: { type: 'string', default: 'acme' },
      'button-control-url': { type: 'string' },
    },
  });
  const { 'outputs-file': outputsFile, brand, 'button-control-url': controlUrl } = values;
  if (outputsFile === undefined) {
    process.stderr.write(USAGE);
    return 2;
  }
  const { outputs, orderQueueUrl } = await readOutputs(outputsFile, brand);
  const lambda = new LambdaClient();
  const stage = openStage({
    brand,
    orderQueueUrl,
    webhookUrl: outputs.WebhookUrl,
    tables: {
      orderLedger: outputs.OrderLedgerTableName,
      orderQuarantine: outputs.OrderQuarantineTableName,
      transactions: outputs.TransactionsTableName,
    },
    reconcile: () => lambda.send(new InvokeCommand({ FunctionName: outputs.ReconciliationPlannerName })),
    simulator: controlUrl === undefined ? undefined : connectSimulator(controlUrl),
  });
  try {
    const write = (line: string) => process.stdout.write(`${line}\n`);
    const steps = await playTour(stage, lineNarrator(write));
    write('\nWhat only a real account shows');
    const checks = await playChecks(ACCOUNT_CHECKS, { stage, webhookUrl: outputs.WebhookUrl });
    for (const line of describeResults(checks)) write(line);
    return [...steps, ...checks].every(({ outcome }) => outcome !== 'failed') ? 0 : 1;
  } finally {
    stage.close();
    lambda.destroy();
  }
}

/** Throws an error for the user if the file does not contain the outputs of both flows. */
async function readOutputs(file: string, brand: string) {
  const stacks = z
    .record(z.string(), z.record(z.string(), z.string()))
    .parse(JSON.parse(await readFile(file, 'utf8')));
  const all = Object.fromEntries(Object.values(stacks).flatMap((outputs) => Object.entries(outputs)));
  const outputs = OutputsSchema.safeParse(all);
  const queueName = `OrderQueueUrl${brand
    .split('-')
    .map((part) => part.charAt(0).toUpperCase() + part.slice(1))
    .join('')}`;
  const orderQueueUrl = all[queueName];
  if (!outputs.success || orderQueueUrl === undefined) {
    throw new Error(`${file} does not hold the outputs of both flows and of the brand "${brand}"`);
  }
  return { outputs: outputs.data, orderQueueUrl };
}

try {
  process.exitCode = await main();
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
}
