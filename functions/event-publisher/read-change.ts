import {
  checkoutReceived,
  type CheckoutReceived,
  type EventSettings,
  isPublishable,
  type PublishedState,
  transactionChanged,
  type TransactionChanged,
} from '@button-serverless/validation/webhooks';
import { TRANSACTIONS_TABLE } from '../../shared/dynamodb/table.ts';
import { readCheckoutItem } from '../../shared/transactions/store/checkout-item.ts';
import {
  readHead,
  readState,
  type TransactionHead,
} from '../../shared/transactions/store/transaction-head.ts';

/** One change of an item, from the table's stream. Values are DynamoDB's JSON. */
export type StreamChange = {
  sequenceNumber: string;
  before: StreamImage | undefined;
  after: StreamImage | undefined;
};

/**
 * An item in the stream: numbers as text, binary as base64. The attributes that this code reads have no other
 * types.
 */
export type StreamImage = Readonly<Record<string, StreamValue>>;

type StreamValue = {
  S?: string | undefined;
  N?: string | undefined;
  B?: string | Uint8Array | undefined;
  L?: readonly StreamValue[] | undefined;
};

/** A new version of a transaction. The previous version is `unknown` if it is unreadable. */
export type VersionChange = {
  sequenceNumber: string;
  before: PublishedState | undefined | 'unknown';
  after: TransactionHead;
  event: TransactionChanged;
};

/** A new checkout. */
type NewCheckout = { sequenceNumber: string; event: CheckoutReceived };

/** Reads what a change means for the publisher's events. Pure. */
export function readChange(
  { sequenceNumber, before, after }: StreamChange,
  settings: EventSettings,
): VersionChange | NewCheckout | 'no-event' | 'unreadable' {
  if (!after || TRANSACTIONS_TABLE.partOf in after || TRANSACTIONS_TABLE.aliasOf in after) return 'no-event';
  if (TRANSACTIONS_TABLE.checkoutOf in after) {
    if (before) return 'no-event';
    const checkout = readCheckoutItem(after);
    return checkout ? { sequenceNumber, event: checkoutReceived(checkout, settings) } : 'unreadable';
  }
  const now = readImage(after, readHead);
  if (!now) return 'unreadable';
  const previously = before && (readImage(before, readState) ?? 'unknown');
  if (previously !== 'unknown' && previously?.version === now.version) return 'no-event';
  const event = transactionChanged(previously, now, settings);
  return isPublishable(event) ? { sequenceNumber, before: previously, after: now, event } : 'unreadable';
}

/** Reads an item; undefined if the transaction store did not write it. */
function readImage<State>(
  image: StreamImage,
  read: (attributes: Readonly<Record<string, unknown>>) => State,
): State | undefined {
  const attributes = Object.entries(image).map(([name, value]): [string, unknown] => [
    name,
    readValue(value),
  ]);
  try {
    return read(Object.fromEntries(attributes));
  } catch {
    return undefined;
  }
}

function readValue({ S: text, N: number, B: bytes, L: list }: StreamValue): unknown {
  if (list !== undefined) return list.map(readValue);
  if (bytes !== undefined) return typeof bytes === 'string' ? Buffer.from(bytes, 'base64') : bytes;
  return number === undefined ? text : Number(number);
}
