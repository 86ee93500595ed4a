import type {
  ActionResult,
  AlarmRow,
  EntryRow,
  EventRow,
  OrderRow,
  Section,
  StageFacts,
  TimelineAnswer,
  TransactionRow,
} from '../view.ts';

// The server is of the same version as this page, so a document is what it says: only its kind is checked.

/** Reads a document of the server. Throws if it is none of that kind. */
export function readDocument<Value>(text: string, isKind: (value: unknown) => value is Value): Value {
  const value: unknown = JSON.parse(text);
  if (!isKind(value)) throw new Error('The server sent something unexpected.');
  return value;
}

/** The stage. */
export function isFacts(value: unknown): value is StageFacts {
  return has(value, 'actions');
}

/** The answer to a look-up. */
export function isTimeline(value: unknown): value is TimelineAnswer {
  return has(value, 'findings');
}

/** How an action ended. */
export function isResult(value: unknown): value is ActionResult {
  return has(value, 'message');
}

/** Why a request failed. */
export function isProblem(value: unknown): value is { problem: string } {
  return has(value, 'problem');
}

/** The list of orders. */
export function isOrders(value: unknown): value is Section<OrderRow> {
  return has(value, 'rows');
}

/** The list of transactions. */
export function isTransactions(value: unknown): value is Section<TransactionRow> {
  return has(value, 'rows');
}

/** The list of what was refused. */
export function isQuarantine(value: unknown): value is Section<EntryRow> {
  return has(value, 'rows');
}

/** The list of events. */
export function isEvents(value: unknown): value is Section<EventRow> {
  return has(value, 'rows');
}

/** The list of alarms. */
export function isAlarms(value: unknown): value is Section<AlarmRow> {
  return has(value, 'rows');
}

function has(value: unknown, field: string): boolean {
  return typeof value === 'object' && value !== null && field in value;
}
