import { explanations } from './explanation.ts';

/** Why a webhook or a row is in quarantine: zod's codes with a path, and those of this project. */
export const WEBHOOK_CODES = explanations(
  { where: 'a webhook or a row in quarantine', source: 'This project, docs/button/webhooks.md, "data"' },
  {
    no_read_message: [
      'The queue of read messages holds a message that this system did not send: only its functions send there.',
      'Find out who sends to the queue. Nothing was lost.',
      'any other message',
      'what the planner sends',
    ],
    stored_item_unreadable: [
      'The stored item of this transaction cannot be read: a later release wrote it, or somebody edited it.',
      'Fix the item, or delete it; the next read of its account stores the row.',
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
      'The webhook is nested thousands of levels deep: it can be read, but not written again.',
      'Ask your Button contact.',
      '[[[[… ]]]]',
      '{"order_line_items": []}',
    ],
    invalid_type: [
      'The field at the path is missing or has another JSON type.',
      'For a Ping, do nothing. Otherwise update the code, then run webhooks-replay.',
      '"amount": "368"',
      '"amount": 368',
    ],
    invalid_value: [
      'The field at the path has an unknown value.',
      'Update the code, then run webhooks-replay.',
      '"status": "paid"',
      '"status": "validated"',
    ],
    invalid_format: [
      'The field at the path is not an instant.',
      'Update the code, then run webhooks-replay.',
      '"created_date": "yesterday"',
      '"created_date": "2026-01-31T00:00:00Z"',
    ],
    invalid_union: [
      'The field at the path is neither a text nor a number.',
      'Update the code, then run webhooks-replay.',
      '"pub_ref": {}',
      '"pub_ref": "r-1"',
    ],
    too_small: [
      'The field at the path is empty, or below its minimum.',
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
      'The text at the path contains half a character: an unpaired surrogate.',
      'Ask your Button contact.',
      '"pub_ref": "\\ud83d"',
      '"pub_ref": "r-1"',
    ],
    not_applied: [
      'A deferred webhook was tried for ten days and could not be applied.',
      'Fix the cause that the log names, then run webhooks-replay.',
      'a fault of this code',
      'the fixed code',
    ],
    shopper_erased: [
      'The webhook arrived before its shopper was erased, and went to quarantine after that.',
      'Do nothing: if it is replayed, it rewards nobody.',
      'a webhook that was deferred while its shopper was erased',
      'a webhook that arrived after that',
    ],
    not_stored: [
      'Neither the table nor the queue of deferred webhooks accepted it.',
      'Run webhooks-replay once the table is back.',
      'both are down',
      'one of them works',
    ],
  },
);

/** Flags of a transaction that is accepted all the same. */
export const FLAG_CODES = explanations(
  {
    where: 'a flag of a version',
    source: 'This project, docs/button/webhooks.md, "Conflicts, and what to follow"',
  },
  {
    unknown_field: [
      'The field is in no document.',
      'Do nothing; the field is kept.',
      '"new_field": 1',
      'the documented fields',
    ],
    unknown_event_type: [
      'The event type is in no document; data.status counts.',
      'Do nothing.',
      '"event_type": "tx-paid"',
      '"event_type": "tx-validated"',
    ],
    event_type_mismatch: [
      'event_type and data.status differ; data.status counts.',
      'Ask your Button contact.',
      'tx-pending with status validated',
      'tx-validated with status validated',
    ],
    unknown_category: [
      'The category is in no document.',
      'Decide whether to reward it; if so, add it to transactions.rewardableCategories.',
      '"category": "gift"',
      '"category": "new-user-order"',
    ],
    missing_order_id: [
      'There is no button_order_id, and it is not an app install: it is stored under its own id.',
      'Do nothing; a later version may bring it.',
      '"button_order_id": null',
      '"button_order_id": "btnorder-1"',
    ],
    unreadable_line_items: [
      'order_line_items is not a list of objects.',
      'Ask your Button contact.',
      '"order_line_items": "none"',
      '"order_line_items": []',
    ],
    misspelt_commission: [
      'The field is spelt publisher_comission, as in one of the documents.',
      'Do nothing; the field is read.',
      '"publisher_comission": 5',
      '"publisher_commission": 5',
    ],
    commission_mismatch: [
      "The lines' commissions do not add up to amount.",
      'Ask your Button contact; amount counts.',
      'amount 10, lines 4 and 5',
      'amount 9, lines 4 and 5',
    ],
    total_mismatch: [
      "The lines' totals do not add up to order_total.",
      'Ask your Button contact; order_total counts.',
      'order_total 10, lines 4 and 5',
      'order_total 9, lines 4 and 5',
    ],
    several_button_ids: [
      'One order has more than one Button id.',
      'If they differ, use transaction-settle.',
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
      'It is part of another purchase, and counts there.',
      'Look at the transaction that mergedInto names.',
      '-',
      'mergedInto: order#btnorder-1',
    ],
    erased: [
      "The shopper's data was erased, so nobody knows any more whom to reward.",
      'Do nothing.',
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
      'Button declined it.',
      'Do nothing; it is final.',
      'an order that was cancelled',
      'an order that was not cancelled',
    ],
    historical: [
      'It was created before this system took over: an older system may have rewarded it.',
      'Check transactions.liveFrom.',
      'created before liveFrom',
      'created after liveFrom',
    ],
    app_install: [
      'Nobody is rewarded for an app install.',
      'Do nothing.',
      '"category": "app-install"',
      '"category": "new-user-order"',
    ],
    category_unknown: [
      'The category is not in the settings: nobody is rewarded until somebody decides.',
      'Add it to transactions.rewardableCategories, and deploy.',
      '"category": "gift"',
      '"category": "new-user-order"',
    ],
    contradiction: [
      'Versions of one Button id contradict each other.',
      'Wait for the next read of the API, which decides, or run transactions-rebuild. If no read shows the transaction any more, use transaction-settle.',
      'amount 300 and 400 at one modified_date',
      'each with its own date',
    ],
    several_transactions: [
      'Button lists one order as several transactions that differ.',
      'Ask Button which one counts, then use transaction-settle.',
      'tx-1 with 300 and tx-2 with 400',
      'tx-1 with 300',
    ],
  },
);

/** Why a read from Button did not finish. */
export const READ_CODES = explanations(
  { where: 'the log of the reconciler', source: 'This project, docs/runbook.md, "Reconciler is stale"' },
  {
    asked_to_wait: [
      'Button asked us to wait (429, Retry-After).',
      'Do nothing; the reads continue after that.',
      '429',
      '200',
    ],
    endless_pages: [
      'The pages of a window do not end.',
      'Ask your Button contact.',
      'a cursor that leads back',
      'a last page without a cursor',
    ],
    unavailable: [
      'Button did not answer, or answered with an error of its own.',
      'Do nothing; it is tried again.',
      '503',
      '200',
    ],
    refused: [
      'Button refuses the request unchanged; as a result of the client: SQS does.',
      'Look at status, or at code.',
      '400',
      '200',
    ],
    'too-large': [
      'A response is larger than this code reads; as a result of the client: a message is larger than SQS accepts.',
      'Do nothing for a response: the next request asks for fewer rows. Shorten the message.',
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
      'A range must end after it begins, and in the past.',
      'Swap --from and --to.',
      '--from 2026-02-01 --to 2026-01-01',
      '--from 2026-01-01 --to 2026-02-01',
    ],
  },
);

/** Why a signature is not valid. */
export const SIGNATURE_CODES = explanations(
  { where: 'webhooks that are forged', source: 'This project, docs/button/webhooks.md, "Request"' },
  {
    missing: [
      'There is no X-Button-Signature.',
      'Only Button may send webhooks.',
      'no header',
      'X-Button-Signature: 64 hex digits',
    ],
    malformed: [
      'The signature is not 64 hex digits.',
      'Only Button may send webhooks.',
      'sha256=…',
      '64 hex digits',
    ],
    mismatch: [
      'The signature does not match any known secret.',
      "Compare the secret with the one in Button's Dashboard.",
      'an old secret',
      'the current one',
    ],
  },
);
