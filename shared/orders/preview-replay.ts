import { decide, type Decision, type DecisionContext, type OrderCommand } from './rules/order-decision.ts';
import {
  compareVersions,
  type OrderEventSettings,
  type OrderVersionId,
  parseOrderEvent,
} from '@button-serverless/validation/orders';
import { evolveAll } from './rules/order-evolution.ts';
import { initialState, type OrderState } from './rules/order-ledger.ts';
import { settle } from './rules/order-settlement.ts';
import { readRetryMessage } from './rules/retry-message.ts';
import { fitsLedger, type OrderLedger } from './store/order-ledger-store.ts';
import type { QuarantineReview } from '../quarantine/quarantine-review.ts';
import type { QuarantineReason } from '../quarantine/quarantine-store.ts';
import { isAboutAnotherOrder } from './replay-order-message.ts';
import { UNKNOWN_ORDER, UNSTORABLE, VERSION_REASONS } from './version-reasons.ts';

/** What a replay of an entry would do; `id` is the entry's. */
export type ReplayPreview = { id: string } & MessagePreview;

/** What a message would do. */
export type MessagePreview = {
  orderId?: string;
  version?: OrderVersionId;
  /**
   * - `be-reported`: it is valid, and Button is called; only Button can say more.
   * - `change-nothing`: the ledger has handled it already, or a newer version.
   * - `be-refused`: by the reporter's own rules, for `reasons`.
   * - `be-rejected`: it would not be sent, because it is about another order than the entry.
   */
  would: 'be-reported' | 'change-nothing' | 'be-refused' | 'be-rejected';
  reasons: readonly QuarantineReason[];
};

/** What a preview needs. */
export type PreviewReplayPorts = {
  brand: string;
  quarantine: Pick<QuarantineReview, 'read'>;
  ledger: Pick<OrderLedger, 'read'>;
  /** The brand's rules, as the reporter uses them. */
  settings: OrderEventSettings;
};

/** The entries to replay; `correctedBody` is sent instead of theirs. */
export type ReplayRequest = { entryIds: readonly string[]; correctedBody?: string | undefined };

/**
 * Checks messages in quarantine as the reporter would if they were replayed, those of each order in version
 * order: by the brand's rules, then against what the ledger holds, or would hold if Button accepted the ones
 * before. Returns them in the order in which to send them, without entries that do not exist (any more).
 * Changes nothing; throws if a table cannot be reached.
 */
export async function previewReplays(
  { entryIds, correctedBody }: ReplayRequest,
  { brand, quarantine, ledger, settings }: PreviewReplayPorts,
): Promise<ReplayPreview[]> {
  const found: ({ id: string } & ReadMessage)[] = [];
  for (const id of entryIds) {
    const entry = await quarantine.read(`order#${brand}`, id);
    if (!entry) continue;
    const original = Buffer.from(entry.bytes).toString('utf8');
    const body = correctedBody ?? original;
    const message = isAboutAnotherOrder(body, original) ? REJECTED : readMessage(body, settings);
    found.push({ id, ...message });
  }
  const states = new Map<string, OrderState>();
  const previews: ReplayPreview[] = [];
  for (const { id, ...message } of inVersionOrder(found))
    previews.push({ id, ...(await judgeNext(message, { states, ledger })) });
  return previews;
}

/** Checks one message as the reporter would: see `previewReplays`. */
export async function previewMessage(
  body: string,
  { ledger, settings }: Pick<PreviewReplayPorts, 'ledger' | 'settings'>,
): Promise<MessagePreview> {
  return judgeNext(readMessage(body, settings), { states: new Map(), ledger });
}

/** What a message is about, and what it asks of the ledger; or its result, if it asks nothing. */
type ReadMessage = { orderId?: string; version?: OrderVersionId } & (
  | { orderId: string; command: OrderCommand }
  | { judgement: Judgement }
);

type Judgement = Pick<MessagePreview, 'would' | 'reasons'>;

const REJECTED: ReadMessage = {
  judgement: {
    would: 'be-rejected',
    reasons: [
      {
        code: 'other_order',
        path: '$.subject',
        problem: 'The corrected body is about another order than the entry',
      },
    ],
  },
};

function readMessage(body: string, settings: OrderEventSettings): ReadMessage {
  const retry = readRetryMessage(body);
  if (retry) return { orderId: retry.orderId, command: { command: 'resume' } };
  const parsing = parseOrderEvent(body, settings);
  if (!parsing.ok) {
    const { orderId, violations } = parsing;
    const judgement = { would: 'be-refused', reasons: violations } as const;
    return { ...(orderId === undefined ? {} : { orderId }), judgement };
  }
  const { event } = parsing;
  const incoming = { event, messageId: 'preview', sentAt: new Date(), warnings: [], isReplay: true };
  return { orderId: event.orderId, version: event.version, command: { command: 'receive', incoming } };
}

/** The states that the orders would have by now; missing orders are as the ledger holds them. */
type Orders = { states: Map<string, OrderState>; ledger: PreviewReplayPorts['ledger'] };

async function judgeNext(message: ReadMessage, { states, ledger }: Orders): Promise<MessagePreview> {
  const { orderId, version } = message;
  const about = { ...(orderId !== undefined && { orderId }), ...(version && { version }) };
  if ('judgement' in message) return { ...about, ...message.judgement };
  const { command } = message;
  const state =
    states.get(message.orderId) ??
    (await ledger.read(message.orderId))?.value ??
    initialState('', message.orderId);
  if (command.command === 'resume' && !state.newest)
    return { ...about, would: 'be-refused', reasons: [UNKNOWN_ORDER] };
  const context = previewContext(new Date());
  const decision = decide(state, command, context);
  const judgement = judge(state, command, decision);
  const isSent = judgement.would === 'be-reported';
  states.set(message.orderId, isSent ? stateAfter(state, decision, context) : state);
  return { ...about, ...judgement };
}

/** What the ledger would decide, and whether it could hold that. */
function judge(state: OrderState, { command }: OrderCommand, { events, refusal }: Decision): Judgement {
  if (refusal) return { would: 'be-refused', reasons: [VERSION_REASONS[refusal]] };
  if (events.length === 0) return { would: 'change-nothing', reasons: [] };
  return command === 'receive' && !fitsLedger(evolveAll(state, events))
    ? { would: 'be-refused', reasons: [UNSTORABLE] }
    : { would: 'be-reported', reasons: [] };
}

/** The order after Button has accepted what is sent. */
function stateAfter(state: OrderState, { events, next }: Decision, context: DecisionContext): OrderState {
  const claimed = evolveAll(state, events);
  if (next.step !== 'call' || !claimed.newest) return claimed;
  const token = claimed.tokenDue ? ({ token: 'taken' } as const) : {};
  const settlement = settle(
    { claimed, current: claimed },
    { result: 'done', acceptedOnly: false, sent: true, ...token },
    { now: context.claimant.now, policy: context.policy, othersSucceed: 'unknown' },
  );
  return evolveAll(claimed, settlement.events);
}

/** A preview makes no call, so the length of claims and waits does not matter. */
function previewContext(now: Date): DecisionContext {
  return {
    claimant: { owner: 'preview', now, leaseMs: 0 },
    policy: { quietTimeMs: 0, retryBaseMs: 0, retryMaxMs: 0, jitter: () => 0 },
    isPaused: false,
    verifyBefore: undefined,
  };
}

/**
 * The same entries, with those of each order in version order, so that no older version arrives behind a
 * newer one. Orders stay in the order of their first entry; an entry without a version keeps its place among
 * its order's entries. Pure.
 */
export function inVersionOrder<Entry extends Pick<ReplayPreview, 'id' | 'orderId' | 'version'>>(
  entries: readonly Entry[],
): Entry[] {
  const byOrder = Map.groupBy(entries, ({ id, orderId }) => orderId ?? `entry ${id}`);
  return [...byOrder.values()].flatMap((ofOrder) =>
    ofOrder.toSorted(({ version: one }, { version: other }) => {
      if (!one || !other) return 0;
      const order = compareVersions(one, other);
      return order === 'older' ? -1 : Number(order === 'newer');
    }),
  );
}
