import { explanations } from './explanation.ts';

const CONTRACT = 'This project, docs/order-messages.md, "Refusals by the ledger and by Button"';

/** Reasons for which the ledger or Button refuses an order that is valid by itself. */
export const LEDGER_CODES = explanations(
  { where: 'an order in quarantine', source: CONTRACT },
  {
    version_conflict: [
      'One version of an order has one content.',
      'Give every version its own sequence, and send the current one again.',
      'sequence "1" with total 7000, then sequence "1" with total 6000',
      'sequence "1", then sequence "2"',
    ],
    order_by_mixed: [
      'All versions of an order are ordered the same way: by sequence, or by time.',
      'Keep orderBy of the brand as it was, or report the order under a new id.',
      'version 1 by sequence, the next by time',
      'every version by sequence',
    ],
    line_items_missing: [
      'An order that was reported with line items keeps them while its total changes.',
      'Send all line items that remain.',
      '"total": 3000 without line_items',
      '"total": 3000, "line_items": [{"identifier": "sku-1", "total": 3000}]',
    ],
    retry_of_unknown_order: [
      'Only orders that the ledger holds are retried.',
      'Send the order itself; after a restore, all versions since then.',
      'a retry message for an order that a restore forgot',
      'the order message',
    ],
    other_order: [
      'A corrected body is about the order of its entry.',
      'Name the entry of that order, or correct the subject.',
      'the body of order B08 for the entry of B07',
      'the body of order B07',
    ],
    abandoned: [
      'An operator gave the order up.',
      'Send a newer version, or replay the entry.',
      'order-abandon by mistake',
      'orders-replay of the entry',
    ],
    keeps_failing: [
      'Button fails on this order again and again, and takes others. It is tried once a day for 30 days.',
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
      'the date as Button wants it',
    ],
    too_late: [
      'Button refuses changes of a finalized order.',
      'Settle the difference with your Button contact.',
      'a return after the return policy has ended',
      'a return within it',
    ],
    deleted_at_button: [
      'Button holds the order as deleted, which can not be undone.',
      'Find out who cancelled it; report it under a new order id.',
      'an update of an order that was cancelled in the Dashboard',
      'the order under a new id',
    ],
    unknown_to_button: [
      'Button has taken the order before and does not know it any more.',
      'Ask your Button contact; replay the entry to try again.',
      'an update of an order that Button has lost',
      'the same after Button has it again',
    ],
    order_id_taken: [
      'Button holds an order of this id that is another one: its token, date or currency differ.',
      'Report this one under an id of its own.',
      'two shops that both count from 1',
      'ids with the name of the shop in front',
    ],
    btn_ref_not_taken: [
      'The token became known after the order, and Button does not take it with an update.',
      'Send btn_ref with the first version; ask your Button contact about this one.',
      'btn_ref in version 2 only',
      'btn_ref in every version',
    ],
    btn_ref_waits: [
      'The token became known while the newest version stands refused: there is nothing to send it with yet.',
      'Send a newer version of the order; it brings the token with it.',
      'version 2 refused, then version 1 again with btn_ref',
      'version 3, corrected, with btn_ref',
    ],
    cancellation_outdated: [
      'A cancellation that is replayed counts only if no later version of the order is known: the shop went on with it.',
      'Send a new cancellation if the order is to be cancelled; else there is nothing to do.',
      'version 2 (a cancellation) refused by Button, version 3 reported, then a replay of version 2',
      'version 4, a cancellation',
    ],
    cancellation_unconfirmed: [
      'Button finds no such order, and answers no look-up by its token: it may be open under an id unknown here.',
      'Ask your Button contact; replay the entry to try again.',
      'a cancellation that gets 404, while the look-up by token gets 500 again and again',
      'a cancellation that Button confirms, or that every read shows as gone',
    ],
    ledger_entry_unreadable: [
      'The item of this order in the ledger cannot be read: a later release or somebody by hand wrote it.',
      'Put the item right, or delete it and send the newest version again; then replay the entry.',
      'an item whose body was edited in the console',
      'an item that only this system writes',
    ],
    btn_ref_differs: [
      'A later message brought another token. The first valid one counts.',
      'Send the same btn_ref with every version.',
      'version 1 with srctok-1, version 2 with srctok-2',
      'both with srctok-1',
    ],
  },
);

/** Why an order waits, or a try of it failed. */
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
      'an own order',
    ],
    breaker_open: [
      'Calls for the brand are stopped, because Button failed on many.',
      'Nothing; a probe closes it. See breaker-show.',
      'Button is down',
      'Button answers again',
    ],
    timeout: [
      'Button did not answer in time.',
      'Nothing; the order is tried again.',
      'no answer within buttonTimeoutMs',
      'an answer in time',
    ],
    claim_expired: [
      'A run ended while it reported the order, so what Button did is not known.',
      'Nothing; the order is read from Button first.',
      'a function that was killed',
      'a run that came to its end',
    ],
    confirming: [
      'A call after an unclear one succeeded; the unclear one may still be carried out.',
      'Nothing; the order is read from Button after the quiet time.',
      'a late answer',
      'an answer in time',
    ],
    newer_version: [
      'A newer version came while this one was reported.',
      'Nothing; it is tried next.',
      'two versions at once',
      'one version',
    ],
    accepted_only: [
      'Button has only accepted the order (202) and may not show it yet.',
      'Nothing; the change waits for the quiet time.',
      '202 Accepted',
      '200 OK',
    ],
    asked_by_operator: [
      'An operator asked for another try.',
      'Nothing; it is tried within a minute.',
      '-',
      'order-retry',
    ],
    not_found: [
      'Button does not show an order that it has taken lately.',
      'Nothing; it is tried again.',
      '404 a minute after 202',
      'the order',
    ],
    still_open: [
      'Button has taken the cancellation and still shows the order as open.',
      'Nothing; it is read again.',
      'status open after a cancellation',
      'status deleted',
    ],
    unexpected_answer: [
      'An answer that Button does not document for this call.',
      'Ask your Button contact if it stays.',
      '200 without an order',
      'the documented answer',
    ],
    unreadable_answer: [
      'An answer that is no JSON of a known form.',
      'Ask your Button contact if it stays.',
      'an HTML page of a proxy',
      'JSON',
    ],
    unreadable_order: [
      'Button shows the order in a form that can not be read.',
      'Ask your Button contact if it stays.',
      'an order without a total',
      'a whole order',
    ],
    http_403: [
      'Button refuses to show the order (403).',
      'Ask your Button contact what the key may read.',
      '403',
      '200',
    ],
    look_up_http_401: [
      'Button refuses the look-up by token alone.',
      'Nothing; after half an hour the look-up is left out.',
      '401 for the look-up',
      '200',
    ],
    list_goes_on: [
      'The orders of a token fill more than a page, and this one is not on the first.',
      'Nothing; after a day the look-up is left out.',
      'a token with hundreds of orders',
      'a token with one',
    ],
  },
);
