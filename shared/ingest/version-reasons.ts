import type { VersionRefusal } from '../domain/order-decision.ts';
import type { QuarantineReason } from '../store/quarantine-store.ts';

/** The reasons for which the ledger refuses a version that is valid by itself. */
export const VERSION_REASONS = {
  version_conflict: {
    code: 'version_conflict',
    path: '$.sequence',
    problem: 'Another message brought this version of the order with different content',
    fix: 'Give every version of an order its own sequence and send the current version again',
  },
  order_by_mixed: {
    code: 'order_by_mixed',
    path: '$.sequence',
    problem: 'Earlier versions of the order were ordered by the other of sequence and time',
    fix: 'Order all versions of one order the same way',
  },
  line_items_missing: {
    code: 'line_items_missing',
    path: '$.data.line_items',
    problem: 'The order has line items, this version has none, and the totals differ',
    fix: 'Send the complete line items with every change of the total',
  },
} as const satisfies Record<VersionRefusal, QuarantineReason>;
