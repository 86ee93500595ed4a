import { InvokeCommand, LambdaClient } from '@aws-sdk/client-lambda';

import { createClients } from '../clients.ts';
import { createOperationLog } from '../operation-log.ts';
import { quarantineTableOf } from '../quarantine-tables.ts';
import type { DeployedStage } from '../stage.ts';
import type { ActionResult } from './view.ts';

/**
 * Runs the planner of a deployed stage now, as its schedule does, and records who did it. Throws if AWS
 * refuses it. Source: https://docs.aws.amazon.com/lambda/latest/api/API_Invoke.html
 */
export async function reconcileStage(stage: DeployedStage, by: string): Promise<ActionResult> {
  const planner = stage.output('ReconciliationPlannerName');
  const clients = createClients(stage);
  const lambda = new LambdaClient({ region: stage.region });
  try {
    const log = createOperationLog({
      client: clients.dynamodb,
      table: quarantineTableOf(stage, 'transactions'),
    });
    const at = new Date().toISOString();
    const { id } = await log.begin({ command: 'console-reconcile', by, at, settings: '{}' });
    const { FunctionError: failure } = await lambda.send(new InvokeCommand({ FunctionName: planner }));
    const outcome = failure === undefined ? 'done' : 'failed';
    await log.end(id, { outcome, result: JSON.stringify({ failure: failure ?? null }) });
    return failure === undefined
      ? { ok: true, message: 'Every account is being read: what is missing appears within minutes.' }
      : { ok: false, message: `The planner failed (${failure}): its log says why.` };
  } finally {
    lambda.destroy();
    clients.close();
  }
}
