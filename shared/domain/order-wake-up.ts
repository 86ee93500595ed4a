import * as z from 'zod';

/** A wake-up carries nothing but the order's id: what to report stands in the ledger. */
export type OrderWakeUp = {
  orderId: string;
  /** The one call that may be made while the brand's breaker is open. */
  isProbe: boolean;
};

const WAKE_UP_START = '{"wakeUp":';
const WakeUpSchema = z.strictObject({
  wakeUp: z.strictObject({ orderId: z.string().min(1), probe: z.literal(true).exactOptional() }),
});

/** The message with which the sweep wakes an order that is due. It goes through the order queue, so that no order is worked on twice at once. */
export function wakeUpMessage({ orderId, isProbe }: OrderWakeUp): string {
  const wakeUp = isProbe ? { orderId, probe: true as const } : { orderId };
  return JSON.stringify({ wakeUp } satisfies z.input<typeof WakeUpSchema>);
}

/** Reads a wake-up; undefined for any other message. Never throws. */
export function readWakeUp(body: string): OrderWakeUp | undefined {
  if (!body.startsWith(WAKE_UP_START)) return undefined;
  try {
    const wakeUp = WakeUpSchema.safeParse(JSON.parse(body)).data?.wakeUp;
    return wakeUp && { orderId: wakeUp.orderId, isProbe: wakeUp.probe === true };
  } catch {
    return undefined;
  }
}
