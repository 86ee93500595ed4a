import { decide, type DecisionContext, type OrderCommand } from '../domain/order-decision.ts';
import {
  compareVersions,
  parseOrderEvent,
  type OrderEvent,
  type OrderEventSettings,
  type OrderVersionId,
} from '../domain/order-event.ts';
import { evolveAll } from '../domain/order-evolution.ts';
import { initialState, type OrderState } from '../domain/order-ledger.ts';
import { readRetryMessage } from '../domain/retry-message.ts';
import { fitsLedger, type OrderLedger } from '../store/order-ledger-store.ts';
import type { QuarantineReview } from '../store/quarantine-review.ts';
import type { QuarantineReason } from '../store/quarantine-store.ts';
import { isAboutAnotherOrder } from './replay-order-message.ts';
import { UNKNOWN_ORDER, UNSTORABLE, VERSION_REASONS } from './version-reasons.ts';

/** What a replay of an entry would come to; `id` is the entry's. */
export type ReplayPreview = { id: string } & MessagePreview;

/** What a message would come to. */
export type MessagePreview = {
  orderId?: string;
  version?: OrderVersionId;
  /**
   * - `be-reported`: it is valid, and Button is asked; only Button can say more.
   * - `change-nothing`: the ledger has dealt with it already, or with a newer version.
   * - `be-refused`: by the reporter's own rules, for `reasons`.
   * - `be-rejected`: it would not even be sent, because it is about another order than the entry.
   */
  would: 'be-reported' | 'change-nothing' | 'be-refused' | 'be-rejected';
  reasons: readonly QuarantineReason[];
};

/** What a preview needs. */
export type PreviewReplayPorts = {
  brand: string;
  quarantine: Pick<QuarantineReview, 'read'>;
  ledger: Pick<OrderLedger, 'read'>;
  /** The brand's rules, as the reporter has them. */
  settings: OrderEventSettings;
};

/**
 * Judges a quarantined message as the reporter would if it were sent again, as it came or with a corrected
 * body: by the brand's rules, then by what the ledger holds. Undefined if there is no such entry (any more).
 * Changes nothing; throws if a table can't be reached.
 */
export async function previewReplay(
  { entryId: id, correctedBody }: { entryId: string; correctedBody?: string | undefined },
  { brand, quarantine, ledger, settings }: PreviewReplayPorts,
): Promise<ReplayPreview | undefined> {
  const entry = await quarantine.read(`order#${brand}`, id);
  if (!entry) return undefined;
  const original = Buffer.from(entry.bytes).toString('utf8');
  const body = correctedBody ?? original;
  if (isAboutAnotherOrder(body, original)) return { id, would: 'be-rejected', reasons: [OTHER_ORDER] };
  return { id, ...(await previewMessage(body, { ledger, settings })) };
}

/** Judges a message as the reporter would: see `previewReplay`. */
export async function previewMessage(
  body: string,
  { ledger, settings }: Pick<PreviewReplayPorts, 'ledger' | 'settings'>,
): Promise<MessagePreview> {
  const retry = readRetryMessage(body);
  if (retry) return previewRetry(retry.orderId, ledger);
  const parsing = parseOrderEvent(body, settings);
  if (!parsing.ok) {
    const { orderId, violations } = parsing;
    return { ...(orderId === undefined ? {} : { orderId }), would: 'be-refused', reasons: violations };
  }
  const { orderId, version } = parsing.event;
  const known = await ledger.read(orderId);
  return { orderId, version, ...judgeMessage(known?.value ?? initialState('', orderId), parsing.event) };
}

async function previewRetry(orderId: string, ledger: PreviewReplayPorts['ledger']): Promise<MessagePreview> {
  const known = await ledger.read(orderId);
  return known?.value.newest
    ? { orderId, ...judge(known.value, { command: 'resume' }, new Date()) }
    : { orderId, would: 'be-refused', reasons: [UNKNOWN_ORDER] };
}

const OTHER_ORDER: QuarantineReason = {
  code: 'other_order',
  path: '$.subject',
  problem: 'The corrected body is about another order than the entry',
};

type Judgement = Pick<MessagePreview, 'would' | 'reasons'>;

function judgeMessage(state: OrderState, event: OrderEvent): Judgement {
  const sentAt = new Date();
  const incoming = { event, messageId: 'preview', sentAt, warnings: [], isReplay: true };
  return judge(state, { command: 'receive', incoming }, sentAt);
}

/** What the ledger would decide now, and whether it could hold that. */
function judge(state: OrderState, command: OrderCommand, now: Date): Judgement {
  const { events, refusal } = decide(state, command, previewContext(now));
  if (refusal) return { would: 'be-refused', reasons: [VERSION_REASONS[refusal]] };
  if (events.length === 0) return { would: 'change-nothing', reasons: [] };
  return command.command === 'receive' && !fitsLedger(evolveAll(state, events))
    ? { would: 'be-refused', reasons: [UNSTORABLE] }
    : { would: 'be-reported', reasons: [] };
}

/** A preview makes no call, so how long it may claim or has to wait does not matter. */
function previewContext(now: Date): DecisionContext {
  return {
    claimant: { owner: 'preview', now, leaseMs: 0 },
    policy: { quietTimeMs: 0, retryBaseMs: 0, retryMaxMs: 0, jitter: () => 0 },
    isPaused: false,
    verifyBefore: undefined,
  };
}

/**
 * The same previews with each order's in the order of their versions, so that no older version arrives behind
 * a newer one. Orders stay in the order in which the first of each is given; what has no version keeps its
 * place among its order's. Pure.
 */
export function inVersionOrder(previews: readonly ReplayPreview[]): ReplayPreview[] {
  const byOrder = Map.groupBy(previews, ({ id, orderId }) => orderId ?? `entry ${id}`);
  return [...byOrder.values()].flatMap((ofOrder) =>
    ofOrder.toSorted(({ version: one }, { version: other }) => {
      if (!one || !other) return 0;
      const order = compareVersions(one, other);
      return order === 'older' ? -1 : Number(order === 'newer');
    }),
  );
}
