import type { Flow } from './command.ts';
import type { DeployedStage } from './stage.ts';

/** The table that holds what a flow refused, and what was done about it. */
export function quarantineTableOf({ output }: DeployedStage, flow: Flow): string {
  return output(flow === 'orders' ? 'OrderQuarantineTableName' : 'WebhookQuarantineTableName');
}
