import type { StoredCheckout } from '@button-serverless/validation/webhooks';
import { TRANSACTIONS_TABLE } from '../../dynamodb/table.ts';

/** An item's attributes in DynamoDB's JSON, as reads and the table's stream show them. */
type Attributes = Readonly<Record<string, { S?: string | undefined } | undefined>>;

/** The checkout in an item; undefined for one that this code did not write. */
export function readCheckoutItem(item: Attributes): StoredCheckout | undefined {
  const text = (name: string): string | null => item[name]?.S ?? null;
  const key = text(TRANSACTIONS_TABLE.partitionKey);
  const eventId = text(TRANSACTIONS_TABLE.checkoutOf);
  const [storedAt, eventDate] = [text('storedAt'), text('eventDate')];
  if (key === null || eventId === null || !isInstant(storedAt)) return undefined;
  if (eventDate !== null && !isInstant(eventDate)) return undefined;
  return {
    key,
    eventId,
    storedAt,
    btnRef: text('btnRef'),
    shopper: text('checkoutShopper'),
    commerceOrganization: text('commerceOrganization'),
    eventDate,
  };
}

function isInstant(value: string | null): value is string {
  return !Number.isNaN(Date.parse(value ?? ''));
}
