import type { VersionRefusal } from './rules/order-decision.ts';
import type { QuarantineReason } from '../quarantine/quarantine-store.ts';

/** The reasons for which the ledger refuses a version that is valid by itself. */
export const VERSION_REASONS = {
  version_conflict: {
    code: 'version_conflict',
    path: '$.sequence',
    problem: 'Another message brought this version of the order with different content',
    fix: 'Give every version its own sequence and send the current one again',
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
  btn_ref_waits: {
    code: 'btn_ref_waits',
    path: '$.data.btn_ref',
    problem: 'The order was reported without the token, and its newest version is in quarantine',
    fix: 'Send a newer version, or replay the newest one corrected: the token goes with it',
  },
  cancellation_outdated: {
    code: 'cancellation_outdated',
    path: '$.sequence',
    problem: 'The order went on after this cancellation: a later version of it is known',
    fix: 'Send a new cancellation if the order is to be cancelled; else there is nothing to do',
  },
} as const satisfies Record<VersionRefusal, QuarantineReason>;

/** The reason for which a retry message is refused. */
export const UNKNOWN_ORDER: QuarantineReason = {
  code: 'retry_of_unknown_order',
  problem: 'A retry message for an order that the ledger does not hold',
};

/** The reason for which a version is refused that the ledger cannot hold. */
export const UNSTORABLE: QuarantineReason = {
  code: 'order_too_large',
  path: '$.data',
  problem: 'The order is larger than the ledger can hold, deflated',
  fix: 'Shorten what can not be compressed, such as long links',
};

/** The reason for which a version is refused if the ledger entry of its order is unreadable. */
export const UNREADABLE_ENTRY: QuarantineReason = {
  code: 'ledger_entry_unreadable',
  problem: "The order's entry in the ledger is unreadable, so what Button holds of it is not known",
  fix: 'Put the item right, or delete it after reading the order from Button; then replay the entry',
};
