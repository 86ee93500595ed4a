import { createHash } from 'node:crypto';

import type {
  ORDER_VIOLATIONS,
  ORDER_WARNINGS,
} from '../../../../shared/validation/orders/order-violation.ts';
import type { OrderRules } from '../../../../shared/validation/orders/order-rules.ts';
import { RULES, sampleCancellation, sampleMessage, sampleOrder } from './order-samples.ts';

type Json = Record<string, unknown>;

type OrderExample = {
  because: string;
  code: keyof typeof ORDER_VIOLATIONS;
  path: string;
  order: unknown;
  rules: OrderRules;
};

const TEST_STAGE: OrderRules = { ...RULES, testTokens: 'require' };
const REAL_STAGE: OrderRules = { ...RULES, testTokens: 'refuse' };
const WITH_DATES: OrderRules = { ...RULES, allowFinalizationDate: true };
/** Text that cannot be compressed much: hashes of numbers. */
function randomText(characters: number): string {
  return Array.from({ length: Math.ceil(characters / 44) }, (_, index) =>
    createHash('sha256').update(String(index)).digest('base64'),
  ).join('');
}

const LONE_SURROGATE = 'a\uD83D';

function order(changes: Json): Json {
  return { ...sampleOrder(), ...changes };
}

function line(changes: Json): Json {
  const { line_items = [] } = sampleOrder();
  return order({ line_items: [{ ...line_items[0], ...changes }, line_items[1]] });
}

function customer(changes: Json): Json {
  return order({ customer: { ...sampleOrder().customer, ...changes } });
}

function without(name: string): Json {
  return Object.fromEntries(Object.entries(sampleOrder()).filter(([key]) => key !== name));
}

function example(
  code: OrderExample['code'],
  path: string,
  rest: { because: string; order: unknown; rules?: OrderRules },
): OrderExample {
  return { code, path, rules: RULES, ...rest };
}

/** Orders with one violation each. */
export const REFUSED_ORDERS: readonly OrderExample[] = [
  example('wrong_type', '$', { because: 'an order that is a list', order: [] }),
  example('wrong_type', '$', { because: 'an order that is null', order: null }),
  example('missing_field', '$.total', { because: 'no total', order: without('total') }),
  example('missing_field', '$.currency', { because: 'no currency', order: without('currency') }),
  example('missing_field', '$.order_id', { because: 'no order id', order: without('order_id') }),
  example('missing_field', '$.purchase_date', {
    because: 'no purchase date',
    order: without('purchase_date'),
  }),
  example('missing_field', '$.line_items[0].identifier', {
    because: 'a line without identifier',
    order: line({ identifier: undefined }),
  }),
  example('missing_field', '$.line_items[0].total', {
    because: 'a line without total',
    order: line({ total: undefined }),
  }),
  example('wrong_type', '$.customer', {
    because: 'a customer that is a text',
    order: order({ customer: 'mycustomer-1234' }),
  }),
  example('unknown_field', '$.gift_message', {
    because: 'a field that Button does not document, though it is null',
    order: order({ gift_message: null }),
  }),
  example('missing_field', '$.total', {
    because: 'a required field that is undefined',
    order: order({ total: undefined }),
  }),
  example('amount_not_integer', '$.total', {
    because: 'a total that is null',
    order: order({ total: null }),
  }),
  example('wrong_type', '$.customer.is_new', {
    because: 'is_new as a text',
    order: customer({ is_new: 'true' }),
  }),
  example('wrong_type', '$.line_items', {
    because: 'line items as an object',
    order: order({ line_items: {} }),
  }),
  example('wrong_type', '$.line_items[0].category', {
    because: 'a category as a text',
    order: line({ category: 'Clothes' }),
  }),
  example('wrong_type', '$.line_items[0].attributes', {
    because: 'attributes as a list',
    order: line({ attributes: ['M'] }),
  }),
  example('unknown_field', '$.discount', {
    because: 'a field that Button does not document',
    order: order({ discount: 1 }),
  }),
  example('unknown_field', '$.line_items[0].price', {
    because: 'an unknown field of a line',
    order: line({ price: 1 }),
  }),
  example('unknown_field', '$[*]', {
    because: 'a field with an invalid name',
    order: order({ 'jane@example.com': 1 }),
  }),
  example('status_read_only', '$.status', { because: 'a status', order: order({ status: 'open' }) }),
  example('total_as_decimal_refused', '$.total_as_decimal', {
    because: 'B9: total_as_decimal, even if false',
    order: order({ total_as_decimal: false }),
  }),
  example('is_new_misnamed', '$.customer.is_new_user', {
    because: 'is_new_user',
    order: customer({ is_new_user: true }),
  }),
  example('finalization_date_misnamed', '$.finalized_date', {
    because: 'finalized_date',
    order: order({ finalized_date: '2017-08-02' }),
  }),
  example('plain_email', '$.customer.email', {
    because: 'B11: a plain address in a separate field',
    order: customer({ email: 'jane@example.com' }),
  }),
  example('finalization_date_refused', '$.finalization_date', {
    because: 'B12: a finalization date',
    order: order({ finalization_date: '2017-08-02T19:26:08Z' }),
  }),
  example('date_not_iso_8601', '$.finalization_date', {
    because: 'an allowed finalization date that is not a date',
    order: order({ finalization_date: 'soon' }),
    rules: WITH_DATES,
  }),
  example('text_not_unicode', '$.customer.id', {
    because: 'half a character',
    order: customer({ id: LONE_SURROGATE }),
  }),
  example('text_not_unicode', '$.line_items[0].attributes.size', {
    because: 'half a character in an attribute',
    order: line({ attributes: { size: LONE_SURROGATE } }),
  }),
  example('text_not_unicode', '$.line_items[0].attributes[*]', {
    because: 'half a character in the name of an attribute',
    order: line({ attributes: { [LONE_SURROGATE]: 'M' } }),
  }),
  example('text_too_long', '$.customer_order_id', {
    because: '256 characters',
    order: order({ customer_order_id: '😀'.repeat(256) }),
  }),
  example('text_too_long', '$.line_items[0].sku', {
    because: 'a SKU of 256 characters',
    order: line({ sku: 'x'.repeat(256) }),
  }),
  example('order_id_malformed', '$.order_id', {
    because: 'B10: an order id that is not ASCII',
    order: order({ order_id: 'Bestellung-ä' }),
  }),
  example('order_id_malformed', '$.order_id', {
    because: 'an empty order id',
    order: order({ order_id: '' }),
  }),
  example('order_id_malformed', '$.order_id', {
    because: 'an order id with a line feed',
    order: order({ order_id: '1994\n' }),
  }),
  example('order_id_malformed', '$.order_id', {
    because: 'an order id that ends with a space',
    order: order({ order_id: '1994 ' }),
  }),
  example('order_id_malformed', '$.order_id', {
    because: 'an order id of 256 characters',
    order: order({ order_id: 'x'.repeat(256) }),
  }),
  example('order_id_malformed', '$.order_id', {
    because: 'an order id that is a number',
    order: order({ order_id: 1994 }),
  }),
  example('order_id_dot_segment', '$.order_id', {
    because: 'B10: an order id that climbs up the path',
    order: order({ order_id: '..' }),
  }),
  example('order_id_dot_segment', '$.order_id', {
    because: 'B10: an order id that is the path itself',
    order: order({ order_id: '.' }),
  }),
  example('amount_not_integer', '$.total', { because: 'B9: a decimal total', order: order({ total: 70.5 }) }),
  example('amount_not_integer', '$.total', {
    because: 'B9: a total as a text',
    order: order({ total: '70.00' }),
  }),
  example('amount_not_integer', '$.line_items[0].amount', {
    because: 'a decimal unit price',
    order: line({ amount: 19.99 }),
  }),
  example('amount_negative', '$.line_items[0].amount', {
    because: 'B9: a negative unit price',
    order: line({ amount: -1 }),
  }),
  example('amount_above_int32', '$.line_items[0].amount', {
    because: 'B9: an amount of 2^31',
    order: line({ amount: 2 ** 31 }),
  }),
  example('total_not_sum', '$.total', {
    because: 'B9: a total that is one cent off',
    order: order({ total: 7001 }),
  }),
  example('total_not_sum', '$.total', {
    because: 'B9: a total without any line',
    order: order({ line_items: [] }),
  }),
  example('currency_not_iso_4217', '$.currency', {
    because: 'a currency in small letters',
    order: order({ currency: 'usd' }),
  }),
  example('currency_not_iso_4217', '$.currency', {
    because: 'a currency that was withdrawn before Button began',
    order: order({ currency: 'DEM' }),
  }),
  example('currency_not_iso_4217', '$.currency', {
    because: 'a currency that was withdrawn before the order was made',
    order: order({ currency: 'BGN', purchase_date: '2026-02-01T00:00:00Z' }),
  }),
  example('order_too_large', '$', {
    because: 'an order that no compression brings below the limit of the ledger',
    order: order({ customer: { id: randomText(520_000) } }),
  }),
  example('currency_not_iso_4217', '$.currency', { because: 'gold', order: order({ currency: 'XAU' }) }),
  example('currency_not_iso_4217', '$.currency', {
    because: 'a name that every object has',
    order: order({ currency: 'constructor' }),
  }),
  example('date_not_iso_8601', '$.purchase_date', {
    because: 'a date in American form',
    order: order({ purchase_date: '07/25/2017' }),
  }),
  example('date_not_iso_8601', '$.purchase_date', {
    because: 'a day that does not exist',
    order: order({ purchase_date: '2017-02-29T08:23:52Z' }),
  }),
  example('date_not_iso_8601', '$.purchase_date', {
    because: 'epoch seconds',
    order: order({ purchase_date: 1500971032 }),
  }),
  example('btn_ref_not_url_safe', '$.btn_ref', {
    because: 'a token with a space',
    order: order({ btn_ref: 'srctok 1' }),
  }),
  example('btn_ref_not_url_safe', '$.btn_ref', {
    because: 'a token of 256 characters',
    order: order({ btn_ref: 'x'.repeat(256) }),
  }),
  example('btn_ref_not_url_safe', '$.btn_ref', {
    because: 'a token that is a number',
    order: order({ btn_ref: 17 }),
  }),
  example('btn_ref_test_token_malformed', '$.btn_ref', {
    because: 'a test token in capitals',
    order: order({ btn_ref: 'fakesrctok-ABCDEF0123456789' }),
  }),
  example('btn_ref_test_token_refused', '$.btn_ref', {
    because: 'B13: a test token where orders are real',
    order: sampleOrder(),
    rules: REAL_STAGE,
  }),
  example('btn_ref_test_token_refused', '$.btn_ref', {
    because: 'B13: a malformed test token where orders are real',
    order: order({ btn_ref: 'fakesrctok-1' }),
    rules: REAL_STAGE,
  }),
  example('btn_ref_real_token_refused', '$.btn_ref', {
    because: 'B13: a real token where orders are tests',
    order: order({ btn_ref: 'srctok-abcdef0123456789' }),
    rules: TEST_STAGE,
  }),
  example('channel_unknown', '$.partner_order_channel', {
    because: 'another channel',
    order: order({ partner_order_channel: 'web' }),
  }),
  example('email_sha256_malformed', '$.customer.email_sha256', {
    because: 'B11: a plain address',
    order: customer({ email_sha256: 'jane@example.com' }),
  }),
  example('email_sha256_malformed', '$.customer.email_sha256', {
    because: 'the label that openssl prints',
    order: customer({ email_sha256: `SHA2-256(stdin)= ${'a'.repeat(64)}` }),
  }),
  example('line_identifier_empty', '$.line_items[0].identifier', {
    because: 'an empty identifier',
    order: line({ identifier: '' }),
  }),
  example('line_identifier_repeated', '$.line_items[1].identifier', {
    because: 'two lines of the same identifier',
    order: line({ identifier: 'sku-4567' }),
  }),
  example('quantity_not_positive_integer', '$.line_items[0].quantity', {
    because: 'no units',
    order: line({ quantity: 0 }),
  }),
  example('quantity_not_positive_integer', '$.line_items[0].quantity', {
    because: 'half a unit',
    order: line({ quantity: 1.5 }),
  }),
  example('category_too_deep', '$.line_items[0].category', {
    because: '8 categories',
    order: line({ category: Array(8).fill('x') }),
  }),
  example('attribute_not_text', '$.line_items[0].attributes.size', {
    because: 'a number as an attribute',
    order: line({ attributes: { size: 42 } }),
  }),
];

type WarningExample = {
  because: string;
  code: keyof typeof ORDER_WARNINGS;
  path: string;
  message: Json;
  rules?: OrderRules;
};

function created(data: Json): Json {
  return { ...sampleMessage(), data };
}

function updated(data: Json): Json {
  return { ...sampleMessage(), type: 'order.updated.v1', data };
}

/** Valid messages with one warning each. */
export const WARNED_MESSAGES: readonly WarningExample[] = [
  {
    because: 'no line items',
    code: 'recommended_field_missing',
    path: '$.data.line_items',
    message: created(without('line_items')),
  },
  {
    because: 'a new order without token',
    code: 'btn_ref_missing',
    path: '$.data.btn_ref',
    message: created(without('btn_ref')),
  },
  {
    because: 'the id of an organisation as token',
    code: 'btn_ref_organization_id',
    path: '$.data.btn_ref',
    message: created(order({ btn_ref: 'org-3eec44df0966f6f0' })),
  },
  {
    because: 'a date without time',
    code: 'date_without_offset',
    path: '$.data.purchase_date',
    message: created(order({ purchase_date: '2017-07-25' })),
  },
  {
    because: 'a time without offset',
    code: 'date_without_offset',
    path: '$.data.purchase_date',
    message: created(order({ purchase_date: '2017-07-25T08:23:52' })),
  },
  {
    because: 'B12: an allowed finalization date',
    code: 'finalization_date_overrides_policy',
    path: '$.data.finalization_date',
    message: created(order({ finalization_date: '2017-08-02T19:26:08Z' })),
    rules: WITH_DATES,
  },
  {
    because: 'an empty list of lines',
    code: 'line_items_empty',
    path: '$.data.line_items',
    message: created(order({ total: 0, line_items: [] })),
  },
  {
    because: 'an update to nothing',
    code: 'total_zero_on_update',
    path: '$.data.total',
    message: updated(order({ total: 0, line_items: [{ ...sampleOrder().line_items?.[0], total: 0 }] })),
  },
  {
    because: 'a product code that is not a GTIN',
    code: 'upc_not_12_digits',
    path: '$.data.line_items[0].upc',
    message: created(line({ upc: 'T-SHIRT-1' })),
  },
  {
    because: 'a UPC-E with a wrong check digit',
    code: 'upc_e_not_expanded',
    path: '$.data.line_items[0].upc',
    message: created(line({ upc: '04252615' })),
  },
];

type MessageExample = { because: string; code: keyof typeof ORDER_VIOLATIONS; path: string; body: string };

function message(changes: Json): string {
  return JSON.stringify({ ...sampleMessage(), ...changes });
}

const SAMPLE = JSON.stringify(sampleMessage());

/** Messages with one violation each. Each is about order 1994, if that can be read. */
export const REFUSED_MESSAGES: readonly MessageExample[] = [
  { because: 'A18: nothing', code: 'not_json', path: '$', body: '' },
  { because: 'A18: text', code: 'not_json', path: '$', body: 'order 1994' },
  { because: 'A18: half a message', code: 'not_json', path: '$', body: SAMPLE.slice(0, 200) },
  {
    because: 'A18: UTF-16',
    code: 'not_json',
    path: '$',
    body: Buffer.from(SAMPLE, 'utf16le').toString('latin1'),
  },
  { because: 'A18: a byte order mark', code: 'byte_order_mark', path: '$', body: `\uFEFF${SAMPLE}` },
  { because: 'a list of messages', code: 'wrapped_in_list', path: '$', body: `[${SAMPLE}]` },
  { because: 'an empty list', code: 'wrapped_in_list', path: '$', body: '[]' },
  { because: 'a number', code: 'message_not_object', path: '$', body: '17' },
  { because: 'null', code: 'message_not_object', path: '$', body: 'null' },
  { because: 'a JSON text', code: 'message_not_object', path: '$', body: '"order 1994"' },
  {
    because: 'a message that was encoded twice',
    code: 'json_encoded_twice',
    path: '$',
    body: JSON.stringify(SAMPLE),
  },
  {
    because: 'an order that was encoded twice',
    code: 'json_encoded_twice',
    path: '$.data',
    body: message({ data: JSON.stringify(sampleOrder()) }),
  },
  {
    because: 'an SNS notification',
    code: 'wrapped_by_sns',
    path: '$',
    body: JSON.stringify({
      Type: 'Notification',
      MessageId: '22b80b92-fdea-4c2c-8f9d-bdfb0c7bf324',
      TopicArn: 'arn:aws:sns:us-east-1:123456789012:orders.fifo',
      Message: SAMPLE,
      Timestamp: '2017-07-25T08:23:53.000Z',
      SignatureVersion: '1',
      Signature: 'EXAMPLE',
      SigningCertURL: 'https://sns.us-east-1.amazonaws.com/SimpleNotificationService.pem',
      UnsubscribeURL: 'https://sns.us-east-1.amazonaws.com/?Action=Unsubscribe',
    }),
  },
  {
    because: 'an EventBridge event',
    code: 'wrapped_by_eventbridge',
    path: '$',
    body: JSON.stringify({
      version: '0',
      id: '6a7e8feb-b491-4cf7-a9f1-bf3703467718',
      'detail-type': 'order.created.v1',
      source: 'shop.example.com',
      account: '123456789012',
      time: '2017-07-25T08:23:53Z',
      region: 'us-east-1',
      resources: [],
      detail: sampleMessage(),
    }),
  },
  ...[
    'software.amazon.payloadoffloading.PayloadS3Pointer',
    'com.amazon.sqs.javamessaging.MessageS3Pointer',
  ].map((pointer): MessageExample => ({
    because: `a pointer of the SQS Extended Client Library, ${pointer}`,
    code: 'wrapped_by_sqs_extended_client',
    path: '$',
    body: JSON.stringify([
      pointer,
      { s3BucketName: 'orders', s3Key: '0f8fad5b-d9cb-469f-a165-70867728950e' },
    ]),
  })),
  {
    because: 'a bare order',
    code: 'order_without_envelope',
    path: '$',
    body: JSON.stringify(sampleOrder()),
  },
  {
    because: 'a name that occurs twice',
    code: 'duplicate_key',
    path: '$.data.total',
    body: SAMPLE.replace('"currency"', '"total":7000,"currency"'),
  },
  {
    because: 'a name that occurs twice, once escaped',
    code: 'duplicate_key',
    path: '$.sequence',
    body: SAMPLE.replace('"sequence"', '"\\u0073equence":"2","sequence"'),
  },
  {
    because: '__proto__',
    code: 'proto_key',
    path: '$.data.line_items[0].attributes.__proto__',
    body: SAMPLE.replace('"size"', '"__proto__":"x","size"'),
  },
  {
    because: 'very deep nesting',
    code: 'nested_too_deep',
    path: `$.deep${'[0]'.repeat(31)}`,
    body: SAMPLE.replace('{', `{"deep":${'['.repeat(5000)}${']'.repeat(5000)},`),
  },
  {
    because: 'another specversion',
    code: 'specversion_unsupported',
    path: '$.specversion',
    body: message({ specversion: '0.3' }),
  },
  {
    because: 'no specversion',
    code: 'event_attribute_missing',
    path: '$.specversion',
    body: message({ specversion: undefined }),
  },
  {
    because: 'an event of another kind',
    code: 'event_type_unknown',
    path: '$.type',
    body: message({ type: 'order.returned.v1' }),
  },
  {
    because: 'a later major version',
    code: 'event_version_unsupported',
    path: '$.type',
    body: message({ type: 'order.created.v2' }),
  },
  { because: 'an empty id', code: 'event_attribute_malformed', path: '$.id', body: message({ id: '' }) },
  {
    because: 'an id with a control character',
    code: 'event_attribute_malformed',
    path: '$.id',
    body: message({ id: 'a\u0000' }),
  },
  {
    because: 'an id that is a number',
    code: 'event_attribute_malformed',
    path: '$.id',
    body: message({ id: 1 }),
  },
  {
    because: 'a source with a line feed',
    code: 'event_attribute_malformed',
    path: '$.source',
    body: message({ source: '/shop\n1' }),
  },
  { because: 'no id', code: 'event_attribute_missing', path: '$.id', body: message({ id: undefined }) },
  {
    because: 'an id that is null',
    code: 'event_attribute_missing',
    path: '$.id',
    body: message({ id: null }),
  },
  {
    because: 'no subject',
    code: 'event_attribute_missing',
    path: '$.subject',
    body: message({ subject: undefined }),
  },
  {
    because: 'data that is not JSON',
    code: 'data_content_type_unsupported',
    path: '$.datacontenttype',
    body: message({ datacontenttype: 'application/xml' }),
  },
  {
    because: 'data in base64',
    code: 'data_base64_unsupported',
    path: '$.data_base64',
    body: message({ data_base64: 'e30=' }),
  },
  { because: 'no data', code: 'event_attribute_missing', path: '$.data', body: message({ data: undefined }) },
  { because: 'null as data', code: 'event_attribute_missing', path: '$.data', body: message({ data: null }) },
  {
    because: 'another subject than the order',
    code: 'subject_mismatch',
    path: '$.subject',
    body: message({ subject: '1995' }),
  },
  {
    because: 'no sequence',
    code: 'sequence_missing',
    path: '$.sequence',
    body: message({ sequence: undefined }),
  },
  {
    because: 'a sequence that is a number',
    code: 'sequence_malformed',
    path: '$.sequence',
    body: message({ sequence: 1 }),
  },
  {
    because: 'a negative sequence',
    code: 'sequence_malformed',
    path: '$.sequence',
    body: message({ sequence: '-1' }),
  },
  {
    because: 'a sequence in other digits than ASCII',
    code: 'sequence_malformed',
    path: '$.sequence',
    body: message({ sequence: '١' }),
  },
  {
    because: 'dollars with a decimal point that a parser drops, and the wrong sum that follows',
    code: 'number_with_decimal_point',
    path: '$.data.line_items[0].amount',
    body: SAMPLE.replace('"total":4000', '"amount":40.00,"total":4000'),
  },
  {
    because: 'a time without offset',
    code: 'time_malformed',
    path: '$.time',
    body: message({ time: '2017-07-25T08:23:52' }),
  },
  {
    because: 'a cancellation with an order',
    code: 'cancellation_with_data',
    path: '$.data',
    body: JSON.stringify({ ...sampleCancellation(), data: sampleOrder() }),
  },
  {
    because: 'B9: dollars with a decimal point that a parser drops',
    code: 'number_with_decimal_point',
    path: '$.data.total',
    body: SAMPLE.replace('"total":7000', '"total":7000.00'),
  },
  {
    because: 'B9: an exponent',
    code: 'number_with_decimal_point',
    path: '$.data.line_items[1].total',
    body: SAMPLE.replace('"total":3000', '"total":3e3'),
  },
];
