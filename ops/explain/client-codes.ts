import { explanations } from './explanation.ts';

/** Results of the order sender. */
export const CLIENT_CODES = explanations(
  { where: 'the result of the client', source: 'This project, shared/order-sender/README.md' },
  {
    invalid: [
      'The event breaks a rule of the contract; violations names it.',
      'Correct the event.',
      'an event without sequence',
      'a complete event',
    ],
    'attempts-used-up': [
      'SQS did not accept the message after several tries.',
      'Send it again.',
      'throttling that continues',
      'an answer in time',
    ],
    'request-failed': [
      'The request to SQS failed; cause says why.',
      'Check region, credentials and network, and send it again.',
      'no region',
      'AWS_REGION=us-east-1',
    ],
    'behind-unsent': [
      'An earlier version of the same order could not be sent, so this one was not sent either.',
      'Send both again, in the same order.',
      '-',
      'version 1, then version 2',
    ],
  },
);

/** Why a helper returns no amounts or lines. */
export const HELPER_CODES = explanations(
  { where: 'a helper of the package', source: 'This project, shared/order-sender/README.md' },
  {
    not_decimal: [
      'An amount consists of digits and at most one decimal point.',
      'Remove signs, commas and spaces.',
      '"1,234.50"',
      '"1234.50"',
    ],
    negative: ['An amount may not be negative.', 'Remove the sign.', '"-2.78"', '"2.78"'],
    finer_than_minor_unit: [
      "An amount may not be finer than the currency's smallest unit.",
      'Round it first.',
      '"59.411" USD',
      '"59.41" USD',
    ],
    above_int32: [
      'Button accepts no amount above 2147483647.',
      'Check the unit of the amount.',
      '"30000000.00" USD',
      '"30.00" USD',
    ],
    amount_not_minor_units: [
      'A discount or a refund must be an integer of minor units, 0 or more.',
      'Convert it with toMinorUnits, without its sign.',
      'amountMinor: -5.00',
      'amountMinor: 500',
    ],
    more_than_total: [
      'A discount may not be more than the amount that it is taken off.',
      'Check the amount.',
      '5000 off a line of 4000',
      '4000 off a line of 4000',
    ],
    unknown_line: [
      'The named line is not in the order.',
      'Name a line by its identifier.',
      'identifier: "sku-9"',
      'identifier: "sku-1"',
    ],
    line_named_twice: [
      'Each line may be named only once.',
      'Add up its quantities.',
      'sku-1 twice',
      'sku-1 with quantity 2',
    ],
    more_than_ordered: [
      'A return may not be more than was ordered.',
      'Check the quantity.',
      '3 of 2',
      '2 of 2',
    ],
    quantity_not_integer: ['A quantity must be an integer.', 'Send whole units.', '1.5', '1'],
  },
);

/** How an order at Button differs from what was reported. */
export const AUDIT_CODES = explanations(
  { where: 'the drift of orders-audit', source: 'This project, docs/runbook.md' },
  {
    missing: [
      'Button does not know the order, which was reported.',
      'Send it as a newer version; if Button has finalized it, ask your Button contact.',
      'no order at Button',
      'the order at Button',
    ],
    deleted: [
      'Button has deleted the order, and nobody cancelled it here.',
      'Report it under another id: an order that Button has deleted does not return.',
      'deleted at Button, reported here',
      'open at both',
    ],
    not_cancelled: [
      'The order was cancelled here, and Button still holds it.',
      'Cancel it again in the commerce system.',
      'open at Button, cancelled here',
      'deleted at Button, cancelled here',
    ],
    total: [
      'The total at Button differs.',
      'order-retry reports the newest version again.',
      'Button: 6000, reported: 7000',
      '7000 and 7000',
    ],
    currency: [
      'The currency at Button differs.',
      'Ask your Button contact.',
      'Button: EUR, reported: USD',
      'USD and USD',
    ],
    line_items: [
      'The line items at Button differ.',
      'order-retry reports the newest version again.',
      'one line at Button, two reported',
      'the same two',
    ],
    token: [
      'The token at Button is missing or differs.',
      'Ask your Button contact.',
      'no btn_ref at Button',
      'the same btn_ref',
    ],
  },
);
