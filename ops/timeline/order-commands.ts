import type { Progress } from '../../shared/orders/rules/order-ledger.ts';
import type { QuarantineSummary } from '../../shared/quarantine/quarantine-review.ts';
import { opsLine } from './words.ts';

type OrderSituation = {
  brand: string;
  orderId: string;
  progress: Progress | undefined;
  /** The entries that wait for somebody. */
  entries: readonly QuarantineSummary[];
};

const MOST_ENTRIES = 3;

/** What an operator can do about an order now, as commands to paste. Pure. */
export function orderCommands({ brand, orderId, progress, entries }: OrderSituation): string[] {
  const at = ['--brand', brand];
  const ofEntries = entries.slice(0, MOST_ENTRIES).flatMap(({ id }) => entryCommands(id, brand));
  switch (progress?.state) {
    case undefined:
    case 'claimed':
      return ofEntries;
    case 'settled':
      return [...ofEntries, opsLine('orders-audit', orderId, ...at)];
    case 'waiting':
      return [...ofEntries, ...pauseCommands(progress.reason, brand), opsLine('order-retry', orderId, ...at)];
    case 'in-doubt':
      return [...ofEntries, opsLine('order-retry', orderId, ...at)];
    case 'failing':
    case 'refused':
      return [
        ...ofEntries,
        opsLine('order-retry', orderId, ...at),
        opsLine('order-edit', orderId, ...at, '--body', 'message.json'),
        opsLine('order-abandon', orderId, ...at, '--reason', 'TEXT'),
      ];
  }
}

/** Without --body, `fix` opens the message in an editor. */
function entryCommands(id: string, brand: string): string[] {
  return [
    `${opsLine('fix', id, '--brand', brand)}   # opens the message, which has personal data, in your editor`,
  ];
}

function pauseCommands(reason: string, brand: string): string[] {
  return reason === 'breaker_open' ? [opsLine('breaker-show', '--brand', brand)] : [];
}
