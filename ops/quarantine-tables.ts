import type { Flow } from './command.ts';
import type { DeployedStage } from './stage.ts';

/** The table with the refused items of a flow, and its record of operations. */
export function quarantineTableOf({ output }: DeployedStage, flow: Flow): string {
  return output(flow === 'orders' ? 'OrderQuarantineTableName' : 'WebhookQuarantineTableName');
}
