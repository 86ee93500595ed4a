import type { MessageVersion } from './step.ts';

/** What must happen to a message: the ledger accepts it, the quarantine keeps it, or either of the two. */
export type Verdict = 'taken' | 'refused' | 'either';

/** A message that SQS has accepted. */
export type SentMessage = { body: string; version?: MessageVersion; verdict: Verdict };

/** The content of a version that is compared with Button: only the fields that it sets. */
export type SentContent = {
  total: number;
  currency: string;
  note?: string;
  channel?: string;
  token?: string;
  /** Identifiers and totals; undefined if the version says nothing about its lines. */
  lines?: readonly { identifier: string; total: number }[];
};

type Message = { subject?: unknown; data?: Record<string, unknown> | null };

/** The id of the order that a message is about; empty if it names none. */
export function orderIdIn(body: string): string {
  const { subject } = unwrapped(body) ?? {};
  return typeof subject === 'string' ? subject : '';
}

/** The message in what a shop sends instead: an event of EventBridge, or an order of its own. */
function unwrapped(body: string): Message | undefined {
  let sent: Message & { detail?: Message; order_id?: unknown };
  try {
    sent = JSON.parse(body) as typeof sent;
  } catch {
    return undefined;
  }
  if (sent.detail) return sent.detail;
  return sent.order_id === undefined ? sent : { subject: sent.order_id, data: sent };
}

const TOKEN = /^[A-Za-z0-9._~-]{1,255}$/;

/**
 * Reads the order in a message; undefined for a cancellation and for anything that is not a valid message.
 */
export function readContent(body: string): SentContent | undefined {
  const { total, currency, customer_order_id, partner_order_channel, btn_ref, line_items } =
    unwrapped(body)?.data ?? {};
  if (typeof total !== 'number' || typeof currency !== 'string') return undefined;
  const text = (value: unknown): string | undefined =>
    typeof value === 'string' && value !== '' ? value : undefined;
  const [note, channel, token] = [text(customer_order_id), text(partner_order_channel), text(btn_ref)];
  return {
    total,
    currency,
    ...(note === undefined ? {} : { note }),
    ...(channel === undefined ? {} : { channel }),
    ...(token !== undefined && TOKEN.test(token) ? { token } : {}),
    ...(Array.isArray(line_items) ? { lines: line_items as { identifier: string; total: number }[] } : {}),
  };
}
