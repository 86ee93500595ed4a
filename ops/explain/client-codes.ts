import { explanations } from './explanation.ts';

/** What the client of the package answers. */
export const CLIENT_CODES = explanations(
  { where: 'the result of the client', source: 'This project, shared/order-sender/README.md' },
  {
    invalid: [
      'The event breaks a rule of the contract: violations says which.',
      'Correct the event.',
      'an event without sequence',
      'a whole event',
    ],
    'attempts-used-up': [
      'SQS did not take the message in several tries.',
      'Send it again.',
      'throttling that goes on',
      'an answer in time',
    ],
    'request-failed': [
      'The request to SQS failed: cause says how.',
      'Check region, credentials and network, and send it again.',
      'no region',
      'AWS_REGION=us-east-1',
    ],
    'behind-unsent': [
      'An earlier version of the same order could not be sent, so this one was not either.',
      'Send both again, in their order.',
      '-',
      'version 1, then version 2',
    ],
  },
);

/** Why a helper gives no amounts or lines. */
export const HELPER_CODES = explanations(
  { where: 'a helper of the package', source: 'This project, shared/order-sender/README.md' },
  {
    not_decimal: [
      'An amount is digits with at most one decimal point.',
      'Remove signs, commas and spaces.',
      '"1,234.50"',
      '"1234.50"',
    ],
    negative: ['An amount is not negative.', 'Leave the sign out.', '"-2.78"', '"2.78"'],
    finer_than_minor_unit: [
      "An amount is no finer than the currency's smallest unit.",
      'Round it first.',
      '"59.411" USD',
      '"59.41" USD',
    ],
    above_int32: [
      'Button takes no amount above 2147483647.',
      'Check the unit of the amount.',
      '"30000000.00" USD',
      '"30.00" USD',
    ],
    amount_not_positive_integer: [
      'A discount is an integer of minor units above 0.',
      'Leave a discount of 0 out.',
      'amountMinor: 0',
      'amountMinor: 500',
    ],
    more_than_total: [
      'A discount is no more than what it is taken off.',
      'Check the amount.',
      '5000 off a line of 4000',
      '4000 off a line of 4000',
    ],
    unknown_line: [
      'The line that is named is not in the order.',
      'Name a line by its identifier.',
      'identifier: "sku-9"',
      'identifier: "sku-1"',
    ],
    line_named_twice: [
      'Each line is named once.',
      'Add its quantities up.',
      'sku-1 twice',
      'sku-1 with quantity 2',
    ],
    more_than_ordered: ['No more is returned than was ordered.', 'Check the quantity.', '3 of 2', '2 of 2'],
    quantity_not_integer: ['A quantity is an integer.', 'Send whole units.', '1.5', '1'],
  },
);

/** In what an order at Button differs from what was reported. */
export const AUDIT_CODES = explanations(
  { where: 'the drift of orders-audit', source: 'This project, docs/runbook.md' },
  {
    total: [
      'The total at Button is another.',
      'order-retry reports the newest version again.',
      'Button: 6000, reported: 7000',
      '7000 and 7000',
    ],
    currency: [
      'The currency at Button is another.',
      'Ask your Button contact.',
      'Button: EUR, reported: USD',
      'USD and USD',
    ],
    line_items: [
      'The line items at Button are others.',
      'order-retry reports the newest version again.',
      'one line at Button, two reported',
      'the same two',
    ],
    token: [
      'The token at Button is missing or another.',
      'Ask your Button contact.',
      'no btn_ref at Button',
      'the same btn_ref',
    ],
  },
);
