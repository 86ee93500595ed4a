export { deployAssembly, type LocalDeployment } from './deployment.ts';
export { startProcesses } from './processes.ts';
export type { LocalResource } from './stack-deployment.ts';
export { parseCron } from './triggers/cron-expression.ts';
