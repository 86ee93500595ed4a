export type { ConsoleActions } from './actions.ts';
export { openConsole, type RunningConsole } from './open-console.ts';
export type { ActionResult, EventRow } from './view.ts';
