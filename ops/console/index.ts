export type { ConsoleActions } from './actions.ts';
export { openConsole, type RunningConsole } from './open-console.ts';
export { FAULT_NAMES, type ActionResult, type EventRow, type FaultName } from './view.ts';
