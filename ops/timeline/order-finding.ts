import {
  valueOf,
  type LedgerEntry,
  type NewestVersion,
  type OrderState,
  type Progress,
} from '../../shared/orders/rules/order-ledger.ts';
import type { OrderVersionId } from '@button-serverless/validation/orders';
import type { QuarantinedItem } from '../../shared/quarantine/quarantine-review.ts';
import { entryDifferences } from './entry-differences.ts';
import { entryMoments, isOpen, messageInWords } from './entry-moments.ts';
import { inTimeOrder, type Finding, type Moment } from './finding.ts';
import { orderCommands } from './order-commands.ts';
import { money } from './words.ts';

/** What is stored of an order: its ledger entry, its entries in quarantine, and the operations about it. */
export type KnownOrder = {
  brand: string;
  orderId: string;
  state: OrderState | undefined;
  entries: readonly QuarantinedItem[];
  byHand: readonly Moment[];
};

/** What happened to an order of a brand, from what is stored of it. Pure. */
export function orderFinding({ brand, orderId, state, entries, byHand }: KnownOrder): Finding {
  const known = state?.newest ? state : undefined;
  const open = entries.filter(isOpen);
  const moments = [
    ...(known ? ledgerMoments(known) : []),
    ...entries.flatMap((entry) => entryMoments(entry, messageInWords(entry))),
    ...byHand,
  ];
  return {
    kind: 'order',
    id: orderId,
    title: `Order ${orderId} of the brand ${brand}`,
    answer: answerOf(known, open.length),
    differences: open.flatMap((entry) =>
      entryDifferences(entry, known?.newest).map((difference) =>
        open.length === 1 ? difference : `entry ${entry.id}, ${difference}`,
      ),
    ),
    timeline: inTimeOrder(moments),
    next: orderCommands({ brand, orderId, progress: known?.progress, entries: open }),
  };
}

function answerOf(known: LedgerEntry | undefined, open: number): string {
  const kept = open === 1 ? 'one message of the order is' : `${open} messages of the order are`;
  if (!known) {
    return open > 0
      ? `We refused it: ${kept} in quarantine, and the order was never sent to Button.`
      : 'No message of it waits: those that were refused have been replayed, and the ledger has no version yet.';
  }
  const state = progressInWords(known.progress, known);
  return open > 0 ? `${state} Also, ${kept} in quarantine.` : state;
}

function progressInWords(progress: Progress, { newest, reported }: LedgerEntry): string {
  const version = versionInWords(newest);
  switch (progress.state) {
    case 'settled':
      return `Button holds ${version}${reported?.acceptedOnly === true ? ' (accepted; Button may show it later)' : ''}.`;
    case 'claimed':
      return `A run is reporting ${version} now, until ${progress.until} at the latest.`;
    case 'waiting':
      if (progress.reason === 'breaker_open')
        return `Button does not hold ${version} yet: it is sent once calls for the brand are no longer stopped (${progress.reason}); it has been due since ${progress.dueAt}.`;
      return `Button does not hold ${version} yet: the next try is due at ${progress.dueAt} (${progress.reason}).`;
    case 'in-doubt':
      return `Button may hold ${version}: the order is read from Button first, at ${progress.dueAt} (${progress.reason}).`;
    case 'failing':
      return `Button keeps failing on ${version} (${progress.reason}): the next daily try is due at ${progress.dueAt}.`;
    case 'refused':
      return `${version} was refused (${progress.reason}) and is in quarantine.`;
  }
}

function ledgerMoments(entry: LedgerEntry): Moment[] {
  const { newest, reported, failures, failingSince, heldVersion, attempts } = entry;
  const moments: Moment[] = [{ at: newest.time, what: `At the shop: ${versionInWords(newest)}` }];
  const through = `message ${newest.messageId}`;
  if (newest.receivedAt !== undefined)
    moments.push({ at: newest.receivedAt, what: `Received: ${through} brought the newest version` });
  if (reported) {
    const id = reported.buttonOrderId === undefined ? '' : `, which knows it as ${reported.buttonOrderId}`;
    const worth = reported.value ? `, ${money(reported.value.amountMinor, reported.value.currency)}` : '';
    moments.push({
      at: reported.at,
      what: `Sent: ${versionName(reported.version)} (${reported.kind})${worth} was acknowledged by Button${id}`,
    });
  }
  for (const { at, reason, answer } of failures?.last ?? []) {
    const status = answer
      ? `; Button answered ${[answer.status, answer.type].filter(Boolean).join(' ')}`
      : '';
    moments.push({ at, what: `A try failed: ${reason}${status}` });
  }
  const unshown = (failures?.count ?? 0) - (failures?.last.length ?? 0);
  if (failures && unshown > 0)
    moments.push({
      at: failures.since,
      what: `The first of ${unshown} more failed tries (${attempts} tries in all)`,
    });
  if (failingSince !== undefined)
    moments.push({
      at: failingSince,
      what: 'Put in quarantine: Button keeps failing on it; it is tried once a day',
    });
  if (heldVersion) {
    const what = `${versionInWords(heldVersion.newest)} is held behind the cancellation`;
    moments.push({ at: heldVersion.newest.receivedAt ?? heldVersion.newest.time, what });
  }
  return moments;
}

function versionInWords(newest: NewestVersion): string {
  const value = valueOf(newest);
  const worth = value ? `, ${money(value.amountMinor, value.currency)}` : '';
  return `${versionName(newest.version)} (${newest.kind})${worth}`;
}

function versionName(version: OrderVersionId): string {
  return version.by === 'sequence' ? `version ${version.sequence}` : `the version of ${version.time}`;
}
