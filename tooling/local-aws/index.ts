export { deployAssembly, type LocalDeployment, type LocalResource } from './deployment.ts';
export { startProcesses } from './processes.ts';
export { parseCron } from './triggers/cron-expression.ts';
