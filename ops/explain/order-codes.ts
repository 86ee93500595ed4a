import { explanations } from './explanation.ts';

const CONTRACT = 'This project, docs/order-messages.md, "Refusals by the ledger and by Button"';

/** Reasons for which the ledger or Button refuses an order that is valid by itself. */
export const LEDGER_CODES = explanations(
  { where: 'an order in quarantine', source: CONTRACT },
  {
    version_conflict: [
      'A version of an order may not change.',
      'Give every version its own sequence, and send the current one again.',
      'sequence "1" with total 7000, then sequence "1" with total 6000',
      'sequence "1", then sequence "2"',
    ],
    order_by_mixed: [
      'All versions of an order must be ordered the same way: by sequence, or by time.',
      'Leave orderBy of the brand unchanged, or report the order under a new id.',
      'version 1 by sequence, the next by time',
      'every version by sequence',
    ],
    line_items_missing: [
      'If an order was reported with line items, a version that changes its total must contain them.',
      'Send all line items that remain.',
      '"total": 3000 without line_items',
      '"total": 3000, "line_items": [{"identifier": "sku-1", "total": 3000}]',
    ],
    retry_of_unknown_order: [
      'The ledger does not hold the order, so it cannot be retried.',
      'Send the order itself; after a restore, send all versions since the restored instant.',
      'a retry message for an order that a restore forgot',
      'the order message',
    ],
    other_order: [
      'A corrected body must be about the order of its entry.',
      'Name the entry of that order, or correct the subject.',
      'the body of order B08 for the entry of B07',
      'the body of order B07',
    ],
    abandoned: [
      'An operator abandoned the order.',
      'Send a newer version, or replay the entry.',
      'order-abandon by mistake',
      'orders-replay of the entry',
    ],
    keeps_failing: [
      'Button keeps failing on this order, but accepts others. It is tried once a day for 30 days.',
      'Ask your Button contact; retry, edit or abandon the order.',
      'an order on which Button answers 500',
      'the same order, corrected',
    ],
    given_up: [
      'Button has failed on this order for 30 days. It is not tried any more.',
      'Ask your Button contact; replay the entry to try again.',
      'a failing order that nobody looked at',
      'a failing order that was corrected',
    ],
    refused_by_button: [
      "Button refuses the order as it is; the problem quotes Button's answer.",
      'Correct the order and replay the entry.',
      'Button says: 400 purchase_date',
      'the date in the form that Button accepts',
    ],
    too_late: [
      'Button refuses changes of a finalized order.',
      'Settle the difference with your Button contact.',
      'a return after the return policy has ended',
      'a return within it',
    ],
    deleted_at_button: [
      'Button holds the order as deleted, which cannot be undone.',
      'Find out who cancelled it; report it under a new order id.',
      'an update of an order that was cancelled in the Dashboard',
      'the order under a new id',
    ],
    unknown_to_button: [
      'Button has accepted the order before, but does not know it any more.',
      'Ask your Button contact; replay the entry to try again.',
      'an update of an order that Button has lost',
      'the same update once Button has the order again',
    ],
    order_id_taken: [
      'Button holds an order with this id, and nothing shows that it is this one.',
      'Find out whose it is; report this one under another id, or replay the entry.',
      'two shops that both count from 1',
      'ids that begin with the name of the shop',
    ],
    btn_ref_not_taken: [
      'Button holds the order without the token: it did not take it with the create, or with a later update.',
      'Send btn_ref with the first version; ask your Button contact about this one.',
      'btn_ref in version 2 only',
      'btn_ref in every version',
    ],
    btn_ref_waits: [
      'The token became known after the newest version was refused, so no call can send it yet.',
      'Send a newer version of the order; the token is sent with it.',
      'version 2 refused, then version 1 again with btn_ref',
      'version 3, corrected, with btn_ref',
    ],
    cancellation_outdated: [
      'A later version of the order is known, so the shop continued the order: the replayed cancellation does not count.',
      'If the order is to be cancelled, send a new cancellation. Otherwise do nothing.',
      'version 2 (a cancellation) refused by Button, version 3 reported, then a replay of version 2',
      'version 4, a cancellation',
    ],
    cancellation_unconfirmed: [
      'Button does not show the order, but its answers do not prove that it is gone: the order may still be open.',
      'Ask your Button contact; replay the entry to try again, or abandon it to have the held version sent.',
      'a cancellation that gets 404, while the look-up by token gets 500 again and again',
      'a cancellation that Button confirms, or a 404 and then a list that does not show the order',
    ],
    ledger_entry_unreadable: [
      'The item of this order in the ledger cannot be read: a later release wrote it, or somebody edited it.',
      'Fix the item, or delete it and send the newest version again; then replay the entry.',
      'an item whose body was edited in the console',
      'an item that only this system writes',
    ],
    btn_ref_differs: [
      'A later message contained another token. The first valid token counts.',
      'Send the same btn_ref with every version.',
      'version 1 with srctok-1, version 2 with srctok-2',
      'both with srctok-1',
    ],
  },
);

/** Why an order waits, or why a try failed. */
export const WAIT_CODES = explanations(
  { where: 'the progress of an order', source: 'This project, docs/decisions/0007-unclear-answers.md' },
  {
    unauthorized: [
      'Button refuses the API key (401).',
      'Set the right key with aws secretsmanager put-secret-value; it is used within a minute.',
      'a key of another organization',
      'the key of the Dashboard',
    ],
    forbidden: [
      'Button answers 403 about this order.',
      'Ask your Button contact whether the key may change it.',
      "another organization's order",
      'an order of your own',
    ],
    breaker_open: [
      'Calls for the brand are stopped: many of them failed, or an operator has paused the brand.',
      'See breaker-show. After failures, do nothing: a probe closes the breaker. brand-resume ends a pause.',
      'Button is down',
      'Button answers again',
    ],
    paused: [
      'An operator has paused the brand: its orders wait, and nothing is sent for it.',
      'Resume it with brand-resume once Button may be called again.',
      'brand-pause --brand acme --reason "the shop sends wrong prices"',
      'brand-resume --brand acme',
    ],
    timeout: [
      'Button did not answer in time.',
      'Do nothing; the order is tried again.',
      'no answer within buttonTimeoutMs',
      'an answer in time',
    ],
    claim_expired: [
      'A run ended while it was reporting the order, so nobody knows what Button did.',
      'Do nothing; the order is read from Button first.',
      'a function that was killed',
      'a run that finished',
    ],
    confirming: [
      'A call after an unclear one succeeded, but Button may still carry out the unclear one.',
      'Do nothing; the order is read from Button after the quiet time.',
      'a late answer',
      'an answer in time',
    ],
    newer_version: [
      'A newer version arrived while this one was being reported.',
      'Do nothing; it is tried next.',
      'two versions at once',
      'one version',
    ],
    accepted_only: [
      'Button has only accepted the order (202) and may not show it yet.',
      'Do nothing; the change waits for the quiet time.',
      '202 Accepted',
      '200 OK',
    ],
    asked_by_operator: [
      'An operator asked for another try.',
      'Do nothing; the order is tried within a minute.',
      '-',
      'order-retry',
    ],
    not_found: [
      'Button does not show the order, but may show it later: a call about it may have been carried out.',
      'Do nothing; it is tried again.',
      '404 a minute after 202',
      'the order',
    ],
    still_open: [
      'A cancellation was sent, but Button still shows the order as open.',
      'Do nothing; the order is read again.',
      'status open after a cancellation',
      'status deleted',
    ],
    unexpected_answer: [
      'Button gave an answer that it does not document for this call.',
      'If it continues, ask your Button contact.',
      '200 without an order',
      'the documented answer',
    ],
    unreadable_answer: [
      'The answer is not JSON of a known form.',
      'If it continues, ask your Button contact.',
      'an HTML page of a proxy',
      'JSON',
    ],
    unreadable_order: [
      'Button shows the order in a form that cannot be read.',
      'If it continues, ask your Button contact.',
      'an order without a total',
      'a complete order',
    ],
    http_403: [
      'Button refuses to show the order (403).',
      'Ask your Button contact what the key may read.',
      '403',
      '200',
    ],
    look_up_http_401: [
      'Button refuses the look-up by token, and no other call.',
      'Do nothing; after half an hour the order no longer waits for it. A cancellation may go to quarantine.',
      '401 for the look-up',
      '200',
    ],
    list_goes_on: [
      'The orders of a token fill more than one page, and this order is not on the first.',
      'Do nothing; after a day the order no longer waits for it. A cancellation may go to quarantine.',
      'a token with hundreds of orders',
      'a token with one',
    ],
  },
);
