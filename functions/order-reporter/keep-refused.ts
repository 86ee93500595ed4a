import { readMessageValue, valueAtStake } from '../../shared/orders/rules/order-amounts.ts';
import { type OrderViolation, readMessageOrderId } from '@button-serverless/validation/orders';
import {
  orderMessage,
  type Failures,
  type LedgerEntry,
  type OrderValue,
} from '../../shared/orders/rules/order-ledger.ts';
import type { QuarantineReason } from '../../shared/quarantine/quarantine-store.ts';
import { ASK_BUTTON } from './call-end.ts';
import { amount } from './measure-reports.ts';
import type { OrderMessage, ReportOrderPorts, Work } from './ports.ts';

type RefusedMessage = Pick<OrderMessage, 'messageId' | 'body' | 'replayOf'> & {
  value?: OrderValue | undefined;
};

/** Keeps a message in quarantine with every reason. */
export async function refuseMessage(
  { messageId, body, replayOf, value = readMessageValue(body) }: RefusedMessage,
  reasons: readonly QuarantineReason[],
  { brand, quarantine, metrics, now }: ReportOrderPorts,
): Promise<void> {
  const { isNew } = await quarantine.put({
    kind: `order#${brand}`,
    id: messageId,
    bytes: body,
    reasons,
    refusedAt: now().toISOString(),
    origin: `sqs:${messageId}`,
    orderId: readMessageOrderId(body),
    replayOf,
  });
  if (value && isNew) metrics.add(amount('QuarantinedAmountMinor', brand, value));
}

/**
 * Keeps the newest version under the message that brought it, whichever message is being handled: a second
 * refusal of the same version adds no entry. If the original message is not at hand, a message with the same
 * version is kept in its place.
 */
export async function refuseVersion(
  entry: LedgerEntry,
  reasons: readonly QuarantineReason[],
  { message, ports }: Work,
): Promise<void> {
  const { messageId, replayOf } = entry.newest;
  const body = message.messageId === messageId ? message.body : orderMessage(entry);
  // If a cancellation is refused, the amount at stake is what was reported before.
  await refuseMessage({ messageId, body, replayOf, value: valueAtStake(entry) }, reasons, ports);
}

/** A violation in the form of the quarantine. */
export function toReason({ code, path, problem, fix, source }: OrderViolation): QuarantineReason {
  return { code, path, problem, fix, source };
}

/** The reason why an order is tried no more than once a day, with Button's last answers. */
export function failingReason(
  code: 'keeps_failing' | 'given_up',
  { count, since, last }: Failures,
): QuarantineReason {
  const answers = last.map(({ at, reason, answer }) => {
    const { type, message } = answer ?? {};
    return [at, reason, type, message?.slice(0, MAX_ANSWER_CHARACTERS)].filter(Boolean).join(' ');
  });
  const { problem, fix } = FAILING[code];
  return {
    code,
    problem: `${problem} ${count} tries failed since ${since}; the last: ${answers.join('; ')}`,
    fix,
  };
}

const MAX_ANSWER_CHARACTERS = 300;

const FAILING = {
  keeps_failing: {
    problem: 'Button keeps failing on this order. It is tried once a day for 30 days.',
    fix: 'Ask your Button contact; retry, abandon or correct the order',
  },
  given_up: {
    problem: 'Button has failed on this order for 30 days. It is not tried any more.',
    fix: ASK_BUTTON,
  },
} as const;

/** The reason why a token is not at Button though the order is. */
export const TOKEN_NOT_TAKEN: QuarantineReason = {
  code: 'btn_ref_not_taken',
  path: '$.data.btn_ref',
  problem: 'Button holds the order and does not take its token, or not with an update after the create',
  fix: 'Ask your Button contact to attribute the order; replay the entry to send it once more',
};
