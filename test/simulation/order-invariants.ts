import type { Order } from '../../tooling/button-simulator/order-book.ts';
import type { RequestRecord } from '../../tooling/button-simulator/request-log.ts';
import type { LedgerEntry } from '../../shared/orders/rules/order-ledger.ts';
import { unpackJson } from '../../shared/dynamodb/packed-json.ts';
import { fail } from './broken-invariant.ts';
import type { Item } from '../../tooling/local-aws/models/dynamodb-expression.ts';
import { NEIGHBOUR } from './neighbour.ts';
import { TABLES } from './resources.ts';
import { orderIdIn, readContent, type SentContent, type SentMessage } from './sent-message.ts';
import type { MessageVersion } from './step.ts';
import type { SimulatedWorld } from './world.ts';

/** A later release stored the order in a state that this release does not know. */
const UNREADABLE = 'ledger_entry_unreadable';
/** Final reasons that come from Button's answers. */
const BUTTONS_REASONS = new Set(['refused_by_button', 'too_late', 'deleted_at_button', 'unknown_to_button']);
/** Reasons for which a version is in quarantine although the ledger has accepted it. */
const TAKEN_REASONS = new Set([
  ...BUTTONS_REASONS,
  'order_id_taken',
  'keeps_failing',
  'given_up',
  'btn_ref_not_taken',
  'btn_ref_waits',
  'cancellation_unconfirmed',
  UNREADABLE,
]);
/** 4xx statuses that are worth another try. */
const NOT_FINAL = new Set([401, 408, 425, 429]);

/** The longest run. It creates the order in the version that was known when the run began. */
const RUN_MS = 60_000;

/** A process reads the breaker once a minute; a run that began before and stands still takes longer. */
const PAUSE_KNOWN_MS = 4 * 60_000;

/** A message, its id, and its reasons in the quarantine. */
type Noted = SentMessage & { messageId: string; reasons: readonly string[]; isUnreadable: boolean };

/** An order of the brand: its messages, its ledger entry, and the orders with its id at Button. */
type Told = {
  orderId: string;
  messages: readonly Noted[];
  /** Messages with a version that this project's own rules did not refuse. */
  taken: readonly (Noted & { version: MessageVersion })[];
  report: LedgerEntry | undefined;
  live: readonly Order[];
};

/** What must hold for the brand's orders. The checks throw `BrokenInvariant`. */
export class OrderInvariants {
  readonly #world: SimulatedWorld;
  readonly #messages = new Map<string, SentMessage>();
  readonly #doneAtMs = new Map<string, number>();
  readonly #othersOrders = new Map<string, Order>();
  readonly #failing: RegExp[] = [];
  readonly #givenUp = new Set<string>();
  readonly #entries = new WeakMap<Uint8Array, LedgerEntry>();
  #hasRestored = false;
  #lookUpsFail = false;
  #showsLittle = false;

  constructor(world: SimulatedWorld) {
    this.#world = world;
  }

  /** SQS has accepted a message. */
  noteMessage(messageId: string, message: SentMessage): void {
    this.#messages.set(messageId, message);
  }

  /** The reporter has handled a message. Only the first time counts. */
  noteDone(messageId: string): void {
    if (!this.#doneAtMs.has(messageId)) this.#doneAtMs.set(messageId, this.#world.clock.now());
  }

  /** A redriven message has a new id. */
  noteRedriven(messageId: string, newMessageId: string): void {
    const noted = this.#messages.get(messageId);
    if (!noted) return;
    this.#messages.delete(messageId);
    this.noteMessage(newMessageId, noted);
  }

  /** The ledger was restored: the system may report again to Button what the ledger has forgotten. */
  noteRestore(): void {
    this.#hasRestored = true;
  }

  /** Button shows only some fields of an order. */
  noteShowsLittle(): void {
    this.#showsLittle = true;
  }

  /** Look-ups by token find no order. */
  noteLookUpsFail(): void {
    this.#lookUpsFail = true;
  }

  /** Another shop of the organization has an order with this id at Button. */
  noteOthersOrder(order: Order): void {
    this.#othersOrders.set(order.fields.order_id, order);
  }

  /** Orders with these ids always fail. */
  noteFailing(orderIds: string): void {
    this.#failing.push(new RegExp(orderIds));
  }

  /** The shop has given up on these messages, so their content need not reach Button. */
  noteGivenUp(messageIds: readonly string[]): void {
    for (const messageId of messageIds) this.#givenUp.add(messageId);
  }

  /** Cancellations that ended as refused, with the reason, of open orders without any other problem. */
  refusedCancellations(): { orderId: string; messageIds: readonly string[]; reason: string }[] {
    return this.#orders().flatMap(({ orderId, taken, report, live }) => {
      const { progress, newest } = report ?? {};
      // If the id is taken, an operator has to look into the refusal and replay the message.
      if (progress?.state !== 'refused' || newest?.kind !== 'cancelled') return [];
      const { reason } = progress;
      const isOpen = live.length === 1 && live[0]?.status === 'open';
      if (
        reason === 'order_id_taken' ||
        !isOpen ||
        this.isFailing(orderId) ||
        this.#othersOrders.has(orderId)
      )
        return [];
      const cancellations = taken.filter(({ version }) => version.kind === 'cancelled');
      return [{ orderId, messageIds: cancellations.map(({ messageId }) => messageId), reason }];
    });
  }

  /** The customers of all brands' orders have expired, except those of orders that wait. */
  checkCustomersExpired(): void {
    for (const { pk, state, body } of this.#world.dynamodb.items(TABLES.orderLedger)) {
      if (!body?.B || (state?.S !== 'settled' && state?.S !== 'refused')) continue;
      if (/"customer":/.test(JSON.stringify(unpackJson(body.B))))
        fail('customers of orders expire', `${pk?.S ?? ''} still says who bought`);
    }
  }

  /**
   * By order id, the event that brought the version at Button. Only orders that are settled and not
   * cancelled, and none if the ledger was restored.
   */
  settledVersions(): Map<string, string> {
    if (this.#hasRestored) return new Map();
    return new Map(
      this.#orders().flatMap(({ orderId, report }) =>
        report?.progress.state === 'settled' && report.newest.kind !== 'cancelled'
          ? [[orderId, report.newest.eventId]]
          : [],
      ),
    );
  }

  /** Nothing was sent to Button for these orders since an instant. */
  checkNothingWritten(orderIds: readonly string[], sinceMs: number): void {
    for (const orderId of orderIds)
      if (this.#asked(orderId).writes.some(({ atMs }) => atMs >= sinceMs))
        fail('what has expired is no change', `${orderId} was sent to Button again`);
  }

  isFailing(orderId: string): boolean {
    return this.#failing.some((orderIds) => orderIds.test(orderId));
  }

  /** Whether a sweep of that brand would find anything, whatever its host's clock shows. */
  isAnythingDue(brand: string): boolean {
    const soon = new Date(this.#world.clock.now() + 5000).toISOString();
    return this.#reports(brand).some(({ dueAt }) => dueAt?.S !== undefined && dueAt.S <= soon);
  }

  isBreakerOpen(): boolean {
    return this.#breaker()?.['state']?.S === 'open';
  }

  /** The brand is still paused since that instant, and once its processes knew, nothing was sent for it. */
  checkPause(sinceMs: number): void {
    const { cause, since } = this.#breaker() ?? {};
    if (cause?.S !== 'paused' || since?.S !== new Date(sinceMs).toISOString()) {
      if (!this.#hasRestored) fail('only an operator ends a pause', `the cause is ${cause?.S ?? 'unknown'}`);
      return;
    }
    const late = this.#world.button.log
      .all()
      .find(({ path, atMs }) => path.startsWith('/v1/order') && atMs > sinceMs + PAUSE_KNOWN_MS);
    if (late) fail('nothing is sent for a paused brand', `${late.method} ${late.path}`);
  }

  /** Orders that wait for something, without those that always fail. */
  unsettled(): string[] {
    const hidden = new Set(this.#orders().flatMap((order) => (this.#isHidden(order) ? order.orderId : [])));
    return this.#reports('acme').flatMap(({ pk, state }) => {
      if (state === undefined || state.S === 'settled' || state.S === 'refused') return [];
      const orderId = orderIdOf(pk?.S ?? '');
      return this.isFailing(orderId) || hidden.has(orderId) ? [] : [`${orderId} is ${state.S ?? ''}`];
    });
  }

  /** A healthy version that was sent a while ago, while Button worked normally, is reported by now. */
  checkOnTime(messageId: string, orderId: string): void {
    const state = this.#reports('acme').find(({ pk }) => orderIdOf(pk?.S ?? '') === orderId)?.['state']?.S;
    if (!this.#doneAtMs.has(messageId) || state !== 'settled')
      fail(
        'a healthy order is reported within a minute beside failing ones',
        `${orderId} is ${state ?? 'not in the ledger'}`,
      );
  }

  /** Half a minute after a neighbour's message, Button has it. */
  checkNeighbour(total: number): void {
    const [order] = this.#world.neighbour?.ordersAtButton() ?? [];
    if (order?.fields.total !== total)
      fail(
        'another brand is never affected',
        `its order is worth ${order?.fields.total ?? 'nothing'}, not ${total}`,
      );
  }

  checkBreakerIsClosed(): void {
    if (this.isBreakerOpen()) fail('failing orders do not open the breaker', 'it is open');
  }

  /** Orders that always fail and are not in quarantine yet. */
  unkeptFailures(): string[] {
    return this.#orders().flatMap(({ orderId, messages, report }) => {
      if (!this.isFailing(orderId) || report?.progress.state === 'settled') return [];
      const isKept = messages.some(({ reasons }) => reasons.length > 0);
      return isKept ? [] : [orderId];
    });
  }

  /** Nothing is final unless Button made it final. To be called before operators replay anything. */
  checkRefusals(): void {
    for (const { orderId, report } of this.#orders()) {
      if (report?.progress.state !== 'refused') continue;
      const { reason } = report.progress;
      if (!BUTTONS_REASONS.has(reason)) continue;
      const { records } = this.#asked(orderId);
      const isButtons = records.some(
        ({ isButtons, status }) =>
          isButtons && status !== null && (reason === 'deleted_at_button' || isFinal(status)),
      );
      if (!isButtons)
        fail("nothing is final without Button's own answer", `${orderId} is refused: ${reason}`);
    }
  }

  /**
   * To be called when everything is at rest: all messages are accounted for, and Button holds the right
   * orders.
   */
  checkRest(): void {
    const orders = this.#orders();
    this.#checkMessages();
    for (const order of orders) {
      this.#checkOthersOrder(order.orderId);
      if (this.#othersOrders.has(order.orderId)) this.#checkTaken(order);
      else this.#checkOrder(order);
    }
    this.#checkCancellations();
    const { neighbour } = this.#world;
    if (neighbour && (!neighbour.isAtRest() || neighbour.hasRefusals() || this.isAnythingDue(NEIGHBOUR.id)))
      fail('another brand is never affected', 'it has not come to rest');
  }

  #checkMessages(): void {
    for (const { messageId, verdict, version, reasons, isUnreadable } of this.#noted()) {
      const name = `${messageId} (${version ? `${version.orderId} ${version.sequence} ${version.kind}` : 'none'})`;
      if (!this.#doneAtMs.has(messageId))
        fail('every message is accounted for', `the reporter is not done with ${name}`);
      if (verdict === 'refused' && reasons.length === 0)
        fail('every bad message is in quarantine', `${name} is not`);
      if (verdict === 'taken' && isOurRefusal(reasons) && !isUnreadable)
        fail('no valid message is refused', `${name} is: ${reasons.join(', ')}`);
    }
  }

  #checkOrder(order: Told): void {
    const { orderId, taken, report, live } = order;
    if (taken.length === 0) return;
    if (!report) fail('no order is lost', `${orderId} is not in the ledger`);
    if (live.length > 1 && !this.#isUntraceable(order))
      fail('no order is doubled', `${orderId} is at Button ${live.length} times`);
    if (!this.#isBlind(orderId)) for (const held of live) checkSum(held);
    this.#checkToken(order);
    this.#checkNewest(order, report);
    if (report.progress.state === 'refused') {
      this.#checkRefused(order, report.progress.reason);
      return;
    }
    if (report.progress.state !== 'settled') return;
    const [held] = live;
    if (report.newest.kind === 'cancelled') {
      if (held && !this.#isUntraceable(order))
        fail('a cancelled order is cancelled at Button', `${orderId} is ${held.status} there`);
      return;
    }
    if (!held && this.#isForgotten(order) && isCancellationOutdated(order)) return;
    if (!held) fail('no order is lost', `${orderId} is not at Button`);
    // A 202 promises nothing: when Button does the delayed work, the order may be finalized, or be there
    // already without a way to find it.
    const mayBeRefused = held.status === 'finalized' || this.#isUntraceable(order);
    if (mayBeRefused && report.reported?.acceptedOnly === true) return;
    const contents = contentsOfNewest(taken);
    if (!live.some((one) => contents.some((content) => isHeld(one, content))))
      fail(
        'Button holds the newest version',
        `${orderId} is ${JSON.stringify(held.fields)} there, not ${JSON.stringify(contents)}`,
      );
  }

  #checkNewest(order: Told, { newest, progress }: LedgerEntry): void {
    const { orderId, taken } = order;
    const isCancelled = taken.some(({ version }) => version.kind === 'cancelled');
    // A refused cancellation lets later versions through.
    if (isCancelled && newest.kind !== 'cancelled' && this.#isCancellationRefused(order)) return;
    if ((newest.kind === 'cancelled') !== isCancelled && !(isCancelled && this.isFailing(orderId)))
      fail(
        'the ledger knows a cancellation',
        `${orderId} is ${newest.kind} (${progress.state}), and it was ${isCancelled ? '' : 'not '}cancelled`,
      );
    // Refused because of what Button shows: the version is in quarantine, and the previous one is at Button.
    const isRefused = progress.state === 'refused' && progress.reason === 'line_items_missing';
    if (isCancelled || isRefused) return;
    const expected = Math.max(...taken.map(({ version }) => version.sequence));
    const known =
      newest.version.by === 'sequence'
        ? Number(newest.version.sequence)
        : (Date.parse(newest.version.time) - VERSION_TIMES_FROM_MS) / 1000;
    if (known !== expected)
      fail('the ledger knows the newest version', `of ${orderId} it knows ${known}, not ${expected}`);
  }

  /** A version that Button accepts does not stay refused. */
  #checkRefused(order: Told, reason: string): void {
    const { orderId, report, live } = order;
    if (this.isFailing(orderId)) return;
    if (reason === 'too_late' && live[0]?.status === 'finalized') return;
    // The lines came with a version that a restored ledger has forgotten.
    if (reason === 'line_items_missing' && live.some(({ fields }) => fields.line_items?.length)) return;
    const refusesIds = !this.#isIdRead() && this.#world.button.world.unacceptedId === '400';
    if (reason === 'cancellation_unconfirmed' && (this.#lookUpsFail || refusesIds)) return;
    if (reason === 'order_id_taken' && this.#mayHaveOtherToken(order)) return;
    if (reason === 'order_id_taken' && (this.#isForgotten(order) || this.#isFinalizedUnseen(order))) return;
    // Button carried out one try of the cancellation late. A later try was refused, so the order went on.
    const isGone = live.length === 0 && this.#isCancellationRefused(order);
    if (isGone && ['unknown_to_button', 'deleted_at_button'].includes(reason)) return;
    const isIdKnown = report?.reported?.buttonOrderId !== undefined;
    if (!isIdKnown && this.#isUntraceable(order)) return;
    // Button refuses the only id by which the order can be cancelled.
    const { cancelIds, unacceptedId } = this.#world.button.world;
    const isIdRefused = cancelIds === 'button' && unacceptedId === '400';
    if (reason === 'refused_by_button' && isIdRefused && !isIdKnown) return;
    // Only the brand's id cancels it, and Button refuses to show whose order that leads to.
    if (reason === 'refused_by_button' && refusesIds && cancelIds === 'brand') return;
    fail('what Button takes is not refused', `${orderId} is refused: ${reason}`);
  }

  /** The token at Button came with one of the messages, and it is there if it could be sent. */
  #checkToken(order: Told): void {
    // Button takes no token with a create, and perhaps none with an update.
    if (this.#world.button.world.tokenOnCreate === 'ignored') return;
    const { orderId, messages, live } = order;
    const carriers = messages.flatMap(({ messageId, body, version, isUnreadable }) => {
      const token = readContent(body)?.token;
      const isValid = version !== undefined && !isUnreadable;
      return token === undefined ? [] : [{ messageId, token, isValid }];
    });
    const { writes } = this.#asked(orderId);
    for (const held of live) {
      const { btn_ref: token } = held.fields;
      if (token !== undefined && !carriers.some((carrier) => carrier.token === token))
        fail("the token at Button is the order's", `${orderId} has ${token} there`);
      if (token !== undefined || held.status === 'finalized' || this.#hasRestored) continue;
      if (this.isFailing(orderId) || this.#isUntraceable(order)) continue;
      const isAccepted = this.#world.button.world.tokenOnUpdate === 'accepted';
      const created = writes.find(({ path, workStatus }) => path === '/v1/order' && workStatus === 200);
      const knownBeforeMs = (created?.atMs ?? 0) - RUN_MS;
      const known = carriers.find(
        ({ messageId, isValid }) =>
          isValid && (isAccepted || (this.#doneAtMs.get(messageId) ?? Infinity) < knownBeforeMs),
      );
      if (known)
        fail("the token at Button is the order's", `${orderId} has none there, and ${known.token} came`);
    }
    if (this.#hasRestored) return;
    const sent = new Set(
      writes.flatMap((write) =>
        isRefused(write) ? [] : (/"btn_ref":"([^"]+)"/.exec(write.requestBody)?.[1] ?? []),
      ),
    );
    if (sent.size > 1)
      fail('a token at Button is not replaced', `${orderId} was sent ${[...sent].join(', ')}`);
  }

  /** Only its own shop changes another shop's order. */
  #checkOthersOrder(orderId: string): void {
    const others = this.#othersOrders.get(orderId);
    if (!others) return;
    const now = this.#othersOrder(orderId);
    const isSame = now?.fields === others.fields && (now.status === 'open' || now.status === 'finalized');
    // A cancellation of an order without a known token carries nothing that distinguishes it from another
    // shop's. A restored ledger may have forgotten what was sent before.
    const { writes } = this.#asked(orderId);
    const first = this.#hasRestored ? writes.find(({ method }) => method === 'DELETE') : writes[0];
    const isNothingKnown = first?.method === 'DELETE' && !this.#isTokenKnown(orderId, first.atMs);
    if (!isSame && !isNothingKnown && !this.#isBlind(orderId))
      fail("another shop's order is never changed", `${orderId} is ${now?.status ?? 'gone'}`);
  }

  /** Whether a message with the token in the ledger was handled before this instant, and is not forgotten. */
  #isTokenKnown(orderId: string, beforeMs: number): boolean {
    if (this.#hasRestored) return false;
    const order = this.#orders().find((told) => told.orderId === orderId);
    const token = order?.report?.btnRef;
    return (order?.messages ?? []).some(
      ({ body, messageId }) =>
        token !== undefined &&
        readContent(body)?.token === token &&
        (this.#doneAtMs.get(messageId) ?? Infinity) < beforeMs,
    );
  }

  /** Another shop's order with this id, as it is now. */
  #othersOrder(orderId: string): Order | undefined {
    const others = this.#othersOrders.get(orderId);
    return others && this.#world.button.orders.find(others.brandId, others.buttonOrderId);
  }

  /** An order whose id another shop uses at Button is kept with a reason, unless it is cancelled as well. */
  #checkTaken(order: Told): void {
    const { orderId, messages, report, live } = order;
    // A cancellation of which nothing was known deleted it: the id is free again.
    if (this.#othersOrder(orderId)?.status === 'deleted') return;
    if (live.length > 0) fail('no order is doubled', `${orderId} is at Button beside another shop's`);
    const isCancelled = report?.newest.kind === 'cancelled' && report.progress.state === 'settled';
    // A 202 promises nothing: Button may find out later that the id is taken.
    if (report?.reported?.acceptedOnly === true || this.#isBlind(orderId) || this.#isHidden(order)) return;
    if (report && !isCancelled && !messages.some(({ reasons }) => reasons.length > 0))
      fail("an order whose id is another shop's is in quarantine", `${orderId} is ${report.progress.state}`);
  }

  /**
   * Button reads no order by the brand's id, and this one has no token or an unknown one. So nobody can tell
   * whose it is.
   */
  #isBlind(orderId: string): boolean {
    const mayBeForgotten = this.#hasRestored || this.#lookUpsFail || this.#isSentWithoutToken(orderId);
    return mayBeForgotten && !this.#isIdRead();
  }

  /** Whether Button reads an order by the brand's id. */
  #isIdRead(): boolean {
    const { readIds } = this.#world.button.world;
    return readIds === 'both' || readIds === 'brand';
  }

  /**
   * Whether the cancellation was refused: by Button, by a read that shows a finalized order, or because
   * nobody can tell whether the order under its id at Button is this one.
   */
  #isCancellationRefused(order: Told): boolean {
    const isTaken = order.messages.some(
      ({ version, reasons }) => version?.kind === 'cancelled' && reasons.includes('order_id_taken'),
    );
    if (isTaken && (this.#showsLittle || this.#isUntraceable(order) || this.#isForgotten(order))) return true;
    if (isTooLate(order)) return true;
    return this.#asked(order.orderId).writes.some(
      ({ method, isButtons, status }) =>
        method === 'DELETE' && isButtons && status !== null && isFinal(status),
    );
  }

  /** A restored ledger has forgotten that the order is cancelled. Button keeps the id and shows nothing. */
  #isForgotten({ taken, live }: Told): boolean {
    const isCancelled = taken.some(({ version }) => version.kind === 'cancelled');
    return this.#hasRestored && isCancelled && live.length === 0;
  }

  /**
   * Every accepted cancellation was carried out. After a restore of the ledger, it is enough that the order
   * is gone in the end.
   */
  #checkCancellations(): void {
    if (this.#hasRestored) return;
    for (const order of this.#orders()) {
      const { orderId } = order;
      if (isTooLate(order) || isCancellationUnconfirmed(order)) continue;
      let isCancelled = false;
      for (const { method, isButtons, status } of this.#asked(orderId).writes) {
        if (method === 'POST' && isCancelled)
          fail('nothing is sent after a cancellation', `a POST about ${orderId} followed its DELETE`);
        // The order goes on if Button itself refuses to cancel it.
        if (method === 'DELETE') isCancelled = !(isButtons && status !== null && isFinal(status));
      }
    }
  }

  /**
   * Button shows the order under no known id, because it is finalized or belongs to another shop, so nothing
   * explains the 403s. They count as the order's own failures and send it to quarantine in the end; until
   * then it waits. The same goes for a cancellation that a restored ledger has forgotten, and for a version
   * after a cancellation that Button carried out unnoticed, if Button shows nothing of cancelled orders.
   */
  #isHidden(order: Told): boolean {
    const { report } = order;
    if (!report?.failures) return false;
    const { secondDelete, getCancelled, updateCancelled } = this.#world.button.world;
    const isForgotten = this.#hasRestored && report.newest.kind === 'cancelled';
    const showsNone = getCancelled === '404' || this.#isUntraceable(order) || !this.#isIdRead();
    if (isForgotten && secondDelete === '403' && showsNone) return true;
    const wasDeleted = this.#asked(order.orderId).writes.some(({ method }) => method === 'DELETE');
    const isGone = wasDeleted && order.live.length === 0 && report.newest.kind !== 'cancelled';
    if (isGone && updateCancelled === '403' && getCancelled === '404') return true;
    const isOthersFinalized = this.#othersOrder(order.orderId)?.status === 'finalized';
    const mayMeetOthers = report.newest.kind === 'cancelled' || this.#isUntraceable(order);
    if (isOthersFinalized && mayMeetOthers && !this.#isIdRead()) return true;
    return this.#isFinalizedUnseen(order);
  }

  /** Whether Button has finalized the order, and shows it neither under a known id nor by its token. */
  #isFinalizedUnseen(order: Told): boolean {
    const isFinalized = order.live.some(({ status }) => status === 'finalized');
    const { readIds } = this.#world.button.world;
    const isIdUsable =
      order.report?.reported?.buttonOrderId !== undefined && (readIds === 'both' || readIds === 'button');
    const isUnread = this.#lookUpsFail && !this.#isIdRead();
    return isFinalized && !isIdUsable && (isUnread || this.#isUntraceable(order));
  }

  /**
   * If Button reads no order by the brand's id, an order that was created without a token, or with a
   * forgotten one, cannot be found after an unclear answer. Nor can an order whose token is not looked up,
   * unless an update or a cancellation finds it.
   */
  #isUntraceable(order: Told): boolean {
    if (this.#isIdRead()) return false;
    const { updateIds, cancelIds } = this.#world.button.world;
    const isLost = this.#lookUpsFail && (updateIds === 'button' || cancelIds === 'button');
    return isLost || this.#isSentWithoutToken(order.orderId) || this.#mayHaveOtherToken(order);
  }

  /** A restored ledger may have taken another of the order's tokens as the first one. */
  #mayHaveOtherToken({ messages }: Told): boolean {
    const tokens = new Set(messages.flatMap(({ body }) => readContent(body)?.token ?? []));
    return this.#hasRestored && tokens.size > 1;
  }

  /** A create was sent without the token, or an update that followed a possible create. */
  #isSentWithoutToken(orderId: string): boolean {
    return this.#asked(orderId).writes.some(
      ({ method, path, requestBody }, index) =>
        method === 'POST' && (path === '/v1/order' || index === 0) && !requestBody.includes('"btn_ref"'),
    );
  }

  /** The ledger is looked at far more often than it changes. */
  #unpacked(body: Uint8Array): LedgerEntry {
    const entry = this.#entries.get(body) ?? (unpackJson(body) as LedgerEntry);
    this.#entries.set(body, entry);
    return entry;
  }

  #orders(): Told[] {
    const entries = new Map<string, LedgerEntry>();
    for (const { pk, body } of this.#reports('acme'))
      if (body?.B) entries.set(orderIdOf(pk?.S ?? ''), this.#unpacked(body.B));
    const live = Map.groupBy(
      this.#world.button.orders.all().filter(({ brandId, status, buttonOrderId, fields }) => {
        const isOthers = this.#othersOrders.get(fields.order_id)?.buttonOrderId === buttonOrderId;
        return brandId !== NEIGHBOUR.organization.id && status !== 'deleted' && !isOthers;
      }),
      ({ fields }) => fields.order_id,
    );
    const noted = Map.groupBy(this.#noted(), ({ version, body }) => version?.orderId ?? orderIdIn(body));
    return [...noted].flatMap(([orderId, messages]) => {
      // A version that is sent again to a restored ledger may arrive in another order and be refused.
      const refused = messages.filter(
        ({ reasons }) => this.#hasRestored && reasons.includes('line_items_missing'),
      );
      const isRefused = ({ version, body }: Noted): boolean =>
        version?.kind !== 'cancelled' &&
        refused.some((other) => other.version?.sequence === version?.sequence && isCopy(other.body, body));
      // A run that died after it refused a version may accept it when the message returns.
      const newest = entries.get(orderId)?.newest;
      const isNewest = ({ messageId }: Noted): boolean =>
        newest?.messageId === messageId || newest?.replayOf === messageId;
      const taken = messages.flatMap((message) =>
        message.version &&
        (isNewest(message) || !(isOurRefusal(message.reasons) || isRefused(message))) &&
        !this.#givenUp.has(message.messageId)
          ? { ...message, version: message.version }
          : [],
      );
      return { orderId, messages, taken, report: entries.get(orderId), live: live.get(orderId) ?? [] };
    });
  }

  #noted(): Noted[] {
    const entries = this.#world.dynamodb.items(TABLES.orderQuarantine).map(({ id, reasons, replayOf }) => ({
      id: id?.S ?? '',
      replayOf: replayOf?.S,
      codes: (reasons?.L ?? []).map(({ M: reason }) => reason?.['code']?.S ?? ''),
    }));
    const kept = new Map(entries.map(({ id, codes }) => [id, codes]));
    // A message that is replayed once its order can be read again may be refused for another reason.
    const codesOf = (messageId: string): string[] => {
      const codes = kept.get(messageId) ?? [];
      const again = entries.findLast(({ replayOf }) => replayOf === messageId);
      return codes.includes(UNREADABLE) && again ? codesOf(again.id) : codes;
    };
    return [...this.#messages].map(([messageId, message]) => ({
      ...message,
      messageId,
      isUnreadable: kept.get(messageId)?.includes(UNREADABLE) === true,
      reasons: codesOf(messageId),
    }));
  }

  /** The requests to Button about an order, under any of its ids. */
  #asked(orderId: string): { records: readonly RequestRecord[]; writes: readonly RequestRecord[] } {
    const { log, orders } = this.#world.button;
    const ids = new Set([orderId]);
    for (const { fields, buttonOrderId } of orders.all())
      if (fields.order_id === orderId) ids.add(buttonOrderId);
    const records = log.all().filter((record) => record.orderId !== null && ids.has(record.orderId));
    return { records, writes: records.filter(({ method }) => method !== 'GET') };
  }

  #breaker(): Item | undefined {
    return this.#reports('acme').find(({ breaker }) => breaker)?.['breaker']?.M;
  }

  #reports(brand: string): Item[] {
    return this.#world.dynamodb
      .items(TABLES.orderLedger)
      .filter(
        ({ pk, breaker }) => pk?.S?.startsWith(`${brand}#`) === true && (breaker || pk.S.includes('#order#')),
      );
  }
}

/** The `time` of version 0 for brands that order versions by time. */
const VERSION_TIMES_FROM_MS = Date.parse('2026-06-01T10:00:00Z');

function orderIdOf(key: string): string {
  const at = key.indexOf('#order#');
  return at === -1 ? '' : key.slice(at + '#order#'.length);
}

function isFinal(status: number): boolean {
  return status >= 400 && status < 500 && !NOT_FINAL.has(status);
}

/**
 * Whether Button has refused the call, so that nothing of it is at Button: in its work or, if it did none, in
 * an answer of its own.
 */
function isRefused({ workStatus, isButtons, status }: RequestRecord): boolean {
  const told = workStatus ?? (isButtons ? status : null);
  return told !== null && isFinal(told);
}

/**
 * Whether an operator knows of a cancellation that a restored ledger has forgotten, and that is older than
 * the order's newest version.
 */
function isCancellationOutdated({ messages }: Told): boolean {
  return messages.some(
    ({ version, reasons }) => version?.kind === 'cancelled' && reasons.includes('cancellation_outdated'),
  );
}

/** The cancellation was refused because Button shows the order as finalized. */
function isTooLate({ messages, live }: Told): boolean {
  const isRefused = messages.some(
    ({ version, reasons }) => version?.kind === 'cancelled' && reasons.includes('too_late'),
  );
  return isRefused && live.some(({ status }) => status === 'finalized');
}

/** No read could show whether the order is cancelled: a person knows, and later versions go on. */
function isCancellationUnconfirmed({ messages }: Told): boolean {
  return messages.some(({ reasons }) => reasons.includes('cancellation_unconfirmed'));
}

/** Refused by this project's rules, and not because of Button's answers. */
function isOurRefusal(reasons: readonly string[]): boolean {
  return reasons.length > 0 && !reasons.some((code) => TAKEN_REASONS.has(code));
}

function isCopy(one: string, other: string): boolean {
  return JSON.stringify(readContent(one)) === JSON.stringify(readContent(other));
}

/** The contents of the newest version of an order whose cancellations, if any, were refused. */
function contentsOfNewest(taken: Told['taken']): SentContent[] {
  const states = taken.filter(({ version }) => version.kind !== 'cancelled');
  const newest = Math.max(...states.map(({ version }) => version.sequence));
  return states
    .filter(({ version }) => version.sequence === newest)
    .flatMap(({ body }) => readContent(body) ?? []);
}

/** Whether Button holds everything that a version states. */
function isHeld({ fields }: Order, { total, currency, note, channel, lines }: SentContent): boolean {
  if (fields.total !== total || fields.currency !== currency) return false;
  if (note !== undefined && fields.customer_order_id !== note) return false;
  if (channel !== undefined && fields.partner_order_channel !== channel) return false;
  return lines === undefined || pairs(fields.line_items ?? []) === pairs(lines);
}

function pairs(lines: readonly { identifier: string; total: number }[]): string {
  return lines
    .map(({ identifier, total }) => `${identifier} ${total}`)
    .sort()
    .join();
}

/** The lines add up to the total, because publishers' commissions are computed per line. */
function checkSum({ fields }: Order): void {
  const { order_id: orderId, total, line_items: lines = [] } = fields;
  if (lines.length === 0) return;
  const sum = lines.reduce((subtotal, line) => subtotal + line.total, 0);
  if (sum !== total)
    fail('total and line items at Button agree', `${orderId} is worth ${total} there, its lines ${sum}`);
}
