import { explanations } from './explanation.ts';

/** Why a webhook or a row is in quarantine: zod's codes with a path, and those of this project. */
export const WEBHOOK_CODES = explanations(
  { where: 'a webhook or a row in quarantine', source: 'This project, docs/button/webhooks.md, "data"' },
  {
    no_read_message: [
      'A message on the queue of reads is none of this system: only its functions send there.',
      'Find out who sends to the queue; nothing was lost.',
      'nonsense',
      'what the planner sends',
    ],
    stored_item_unreadable: [
      'The stored item of this transaction cannot be read: a later release or somebody by hand wrote it.',
      'Put the item right, or delete it; the next read of its account stores the row.',
      'an item without a version',
      'an item that only this system writes',
    ],
    not_json: [
      'A webhook is JSON in UTF-8.',
      'Ask your Button contact.',
      'hello',
      '{"id": "hook-1", "event_type": "tx-pending", "data": {}}',
    ],
    too_deep: [
      'What is nested thousands of levels deep can be read, but not written again.',
      'Ask your Button contact.',
      '[[[[… ]]]]',
      '{"order_line_items": []}',
    ],
    invalid_type: [
      'The field at the path is missing or has another JSON type.',
      'For a Ping, nothing. Else update the code, then webhooks-replay.',
      '"amount": "368"',
      '"amount": 368',
    ],
    invalid_value: [
      'The field at the path has none of the known values.',
      'Update the code, then webhooks-replay.',
      '"status": "paid"',
      '"status": "validated"',
    ],
    invalid_format: [
      'The field at the path is no instant.',
      'Update the code, then webhooks-replay.',
      '"created_date": "yesterday"',
      '"created_date": "2026-01-31T00:00:00Z"',
    ],
    invalid_union: [
      'The field at the path is neither a text nor a number.',
      'Update the code, then webhooks-replay.',
      '"pub_ref": {}',
      '"pub_ref": "r-1"',
    ],
    too_small: [
      'The field at the path is empty, or less than the least value.',
      'Ask your Button contact.',
      '"id": ""',
      '"id": "tx-1"',
    ],
    too_big: [
      'The field at the path is longer or larger than a table can hold.',
      'Ask your Button contact.',
      '"amount": 1e300',
      '"amount": 368',
    ],
    custom: [
      'The text at the path holds half of a character.',
      'Ask your Button contact.',
      '"pub_ref": "\\ud83d"',
      '"pub_ref": "r-1"',
    ],
    not_applied: [
      'A deferred webhook could not be applied in ten days of tries.',
      'Fix the cause that the log names, then webhooks-replay.',
      'a fault of this code',
      'the fixed code',
    ],
    shopper_erased: [
      'The webhook came before its shopper was erased, and went to quarantine afterwards.',
      'Nothing: replayed, it rewards nobody.',
      'a webhook that was deferred while its shopper was erased',
      'a webhook that came after that',
    ],
    not_stored: [
      'Neither the table nor the queue of deferred webhooks could take it.',
      'webhooks-replay once the table is back.',
      'both are down',
      'one of them works',
    ],
  },
);

/** What is odd about a transaction that was accepted all the same. */
export const FLAG_CODES = explanations(
  {
    where: 'a flag of a version',
    source: 'This project, docs/button/webhooks.md, "Conflicts, and what to follow"',
  },
  {
    unknown_field: [
      'A field that no document lists.',
      'Nothing; it is kept.',
      '"new_field": 1',
      'the documented fields',
    ],
    unknown_event_type: [
      'An event type that no document lists; data.status rules.',
      'Nothing.',
      '"event_type": "tx-paid"',
      '"event_type": "tx-validated"',
    ],
    event_type_mismatch: [
      'event_type and data.status differ; data.status rules.',
      'Ask your Button contact.',
      'tx-pending with status validated',
      'tx-validated with status validated',
    ],
    unknown_category: [
      'A category that no document lists.',
      'Decide, and name it in transactions.rewardableCategories.',
      '"category": "gift"',
      '"category": "new-user-order"',
    ],
    missing_order_id: [
      'No button_order_id, and no app install: it is kept by its own id.',
      'Nothing; a later version may bring it.',
      '"button_order_id": null',
      '"button_order_id": "btnorder-1"',
    ],
    unreadable_line_items: [
      'order_line_items is no list of objects.',
      'Ask your Button contact.',
      '"order_line_items": "none"',
      '"order_line_items": []',
    ],
    misspelt_commission: [
      'publisher_comission, as one of the documents spells it.',
      'Nothing; it is read.',
      '"publisher_comission": 5',
      '"publisher_commission": 5',
    ],
    commission_mismatch: [
      "The lines' commissions do not add up to amount.",
      'Ask your Button contact; amount rules.',
      'amount 10, lines 4 and 5',
      'amount 9, lines 4 and 5',
    ],
    total_mismatch: [
      "The lines' totals do not add up to order_total.",
      'Ask your Button contact; order_total rules.',
      'order_total 10, lines 4 and 5',
      'order_total 9, lines 4 and 5',
    ],
    several_button_ids: [
      'One order has more than one Button id.',
      'If they differ, transaction-settle.',
      'tx-1 and tx-2 of btnorder-1',
      'tx-1 of btnorder-1',
    ],
  },
);

/** Why nobody is rewarded, and why versions are in conflict. */
export const REWARD_CODES = explanations(
  { where: 'a transaction, and its events', source: 'This project, docs/transactions-table.md' },
  {
    merged: [
      'It turned out to be part of another purchase, and counts there.',
      'Show the transaction that mergedInto names.',
      '-',
      'mergedInto: order#btnorder-1',
    ],
    erased: [
      "The shopper's data has been erased: whom to reward is not known any more.",
      'Nothing.',
      'shopper-erase',
      '-',
    ],
    conflict: [
      'Versions contradict each other.',
      'See conflictCause.',
      'validated with 300 and with 400',
      'validated with 300',
    ],
    declined: [
      'Button has declined it.',
      'Nothing; it is final.',
      'an order that was cancelled',
      'an order that stands',
    ],
    historical: [
      'It was created before this system took over: an older system may have rewarded it.',
      'Check transactions.liveFrom.',
      'created before liveFrom',
      'created after liveFrom',
    ],
    app_install: [
      'Nobody is rewarded for an app install.',
      'Nothing.',
      '"category": "app-install"',
      '"category": "new-user-order"',
    ],
    category_unknown: [
      'A category that no setting names: held until somebody has looked.',
      'Name it in transactions.rewardableCategories, and deploy.',
      '"category": "gift"',
      '"category": "new-user-order"',
    ],
    contradiction: [
      'Versions of one Button id contradict each other.',
      'Nothing at first: the next read of the API says which holds. Or transactions-rebuild.',
      'amount 300 and 400 at one modified_date',
      'each at a date of its own',
    ],
    several_transactions: [
      'Button lists one order as several transactions that differ.',
      'Ask Button which counts, then transaction-settle.',
      'tx-1 with 300 and tx-2 with 400',
      'tx-1 with 300',
    ],
  },
);

/** Why reading from Button did not come to its end. */
export const READ_CODES = explanations(
  { where: 'the log of the reconciler', source: 'This project, docs/runbook.md, "Reconciler is stale"' },
  {
    asked_to_wait: [
      'Button has asked to wait (429, Retry-After).',
      'Nothing; reading goes on then.',
      '429',
      '200',
    ],
    endless_pages: [
      'The pages of a window do not come to an end.',
      'Ask your Button contact.',
      'a cursor that leads back',
      'a last page without one',
    ],
    unavailable: [
      'Button did not answer, or answered with a fault of its own.',
      'Nothing; it is tried again.',
      '503',
      '200',
    ],
    refused: [
      'Button refuses the request as it is; of the client: SQS does.',
      'Look at the status, or at code.',
      '400',
      '200',
    ],
    'too-large': [
      'An answer is larger than this code reads; of the client: a message is larger than SQS takes.',
      'Nothing for an answer: fewer rows are asked for. Shorten a message.',
      'a message of 2 MiB',
      'a message of 10 KiB',
    ],
    id_malformed: [
      "A backfill's id is 1 to 64 letters, digits and hyphens.",
      'Choose another id.',
      'my backfill',
      'my-backfill',
    ],
    range_malformed: [
      'A range ends after it begins, in the past.',
      'Swap --from and --to.',
      '--from 2026-02-01 --to 2026-01-01',
      '--from 2026-01-01 --to 2026-02-01',
    ],
  },
);

/** Why a signature does not count. */
export const SIGNATURE_CODES = explanations(
  { where: 'webhooks that are forged', source: 'This project, docs/button/webhooks.md, "Request"' },
  {
    missing: [
      'No X-Button-Signature.',
      'Send webhooks from Button only.',
      'no header',
      'X-Button-Signature: 64 hex digits',
    ],
    malformed: [
      'The signature is not 64 hex digits.',
      'Send webhooks from Button only.',
      'sha256=…',
      '64 hex digits',
    ],
    mismatch: [
      'The signature is that of no known secret.',
      "Compare the secret with that of Button's Dashboard.",
      'an old secret',
      'the current one',
    ],
  },
);
