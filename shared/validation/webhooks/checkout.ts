/**
 * A purchase that was just made, before there is an order: Button sends it as the webhook `order-checkout`,
 * and most become transactions. Source: docs/button/webhooks.md, "order-checkout".
 */
export type Checkout = {
  /** Button's id of the webhook, `hook-...`. */
  eventId: string;
  /** The attribution token that the transaction will carry. */
  btnRef: string | null;
  /** The publisher's id of the shopper: personal data. */
  shopper: string | null;
  /** The brand, `org-...`. */
  commerceOrganization: string | null;
  /** ISO 8601 UTC. */
  eventDate: string | null;
};

/** A checkout as it is stored; `storedAt` is ISO 8601 UTC. */
export type StoredCheckout = Checkout & { key: string; storedAt: string };

/** The event's name. */
export const CHECKOUT_EVENT_TYPE = 'checkout.received';

/** A checkout was reported. It promises nothing: reward transactions, not checkouts. */
export type CheckoutReceived = {
  type: typeof CHECKOUT_EVENT_TYPE;
  detail: {
    schemaVersion: 1;
    /** The same for every repeat of one checkout. */
    checkoutKey: string;
    /** Button's id of the webhook; a digest of its content if it has none. */
    webhookId: string;
    btnRef: string | null;
    commerceOrganization: string | null;
    eventDate: string | null;
    storedAt: string;
    publisherCustomerId?: string;
  };
};

/** The event for a checkout. Pure. */
export function checkoutReceived(
  { key, eventId, btnRef, shopper, commerceOrganization, eventDate, storedAt }: StoredCheckout,
  { includePersonalFields }: { includePersonalFields: boolean },
): CheckoutReceived {
  const personal = includePersonalFields && shopper !== null ? { publisherCustomerId: shopper } : {};
  return {
    type: CHECKOUT_EVENT_TYPE,
    detail: {
      schemaVersion: 1,
      checkoutKey: key,
      webhookId: eventId,
      btnRef,
      commerceOrganization,
      eventDate,
      storedAt,
      ...personal,
    },
  };
}
