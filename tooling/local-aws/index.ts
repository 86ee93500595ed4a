export { deployAssembly, type LocalDeployment, type LocalResource } from './deployment.ts';
export { StoredStateSchema, type StoredState } from './stored-state.ts';
export { startProcesses } from './processes.ts';
export { deliveredEvent, type DeliveredEvent } from './triggers/rule-delivery.ts';
export { parseCron } from './triggers/cron-expression.ts';
