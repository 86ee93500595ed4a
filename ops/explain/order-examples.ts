import type { OrderViolationCode } from '@button-serverless/validation/orders';

/** A wrong and a right text, as they are in a message. */
export type Example = { bad: string; good: string };

/** An example, and the object that contains its members; `message` is a text as a whole. */
export type PlacedExample = Example & { place: 'message' | 'event' | 'data' | 'customer' | 'line' };

/** A whole message that is right. */
export const GOOD_MESSAGE =
  '{"specversion":"1.0","type":"order.created.v1","id":"1994-1","source":"/shop","subject":"1994","sequence":"1",' +
  '"data":{"order_id":"1994","total":7000,"currency":"USD","purchase_date":"2017-07-25T08:23:52Z","btn_ref":"srctok-1",' +
  '"line_items":[{"identifier":"sku-1","total":7000}]}}';

function at(place: PlacedExample['place']) {
  return (bad: string, good: string): PlacedExample => ({ place, bad, good });
}

const event = at('event');
const data = at('data');
const customer = at('customer');
const line = at('line');

function message(bad: string): PlacedExample {
  return { place: 'message', bad, good: GOOD_MESSAGE };
}

/** One for each code of a violation or a warning. Null stands for a missing member. */
export const ORDER_EXAMPLES: Readonly<Record<OrderViolationCode, PlacedExample>> = {
  not_json: message("{'specversion': '1.0'}"),
  message_not_object: message('1994'),
  json_encoded_twice: message(JSON.stringify(GOOD_MESSAGE)),
  wrapped_by_sns: message(
    '{"Type":"Notification","TopicArn":"arn:aws:sns:us-east-1:111122223333:orders","Message":"{}"}',
  ),
  wrapped_by_eventbridge: message('{"detail-type":"order","source":"shop","detail":{}}'),
  wrapped_by_sqs_extended_client: message(
    '["software.amazon.payloadoffloading.PayloadS3Pointer",{"s3BucketName":"orders","s3Key":"1"}]',
  ),
  wrapped_in_list: message(`[${GOOD_MESSAGE}]`),
  order_without_envelope: message('{"order_id":"1994","total":7000,"currency":"USD"}'),
  byte_order_mark: message(`\uFEFF${GOOD_MESSAGE}`),
  duplicate_key: message(GOOD_MESSAGE.replace('"total":7000,"cur', '"total":7000,"total":8000,"cur')),
  proto_key: message(GOOD_MESSAGE.replace('"data":{', '"data":{"__proto__":{},')),
  nested_too_deep: message(
    GOOD_MESSAGE.replace('"data":{', `"data":{"extra":${'['.repeat(40)}${']'.repeat(40)},`),
  ),
  specversion_unsupported: event('"specversion": "0.3"', '"specversion": "1.0"'),
  event_type_unknown: event('"type": "order.paid.v1"', '"type": "order.created.v1"'),
  event_version_unsupported: event('"type": "order.created.v2"', '"type": "order.created.v1"'),
  event_attribute_missing: event('"source": null', '"source": "/shop"'),
  event_attribute_malformed: event('"source": "my shop"', '"source": "/shop"'),
  data_content_type_unsupported: event(
    '"datacontenttype": "text/xml"',
    '"datacontenttype": "application/json"',
  ),
  data_base64_unsupported: event('"data_base64": "e30="', '"data_base64": null'),
  subject_mismatch: event('"subject": "1995"', '"subject": "1994"'),
  sequence_missing: event('"sequence": null', '"sequence": "17"'),
  sequence_malformed: event('"sequence": 17', '"sequence": "17"'),
  time_missing: event('"time": null', '"time": "2017-07-25T08:23:53Z"'),
  time_malformed: event('"time": "2017-07-25 08:23"', '"time": "2017-07-25T08:23:53Z"'),
  cancellation_with_data: event(
    '"type": "order.cancelled.v1", "data": {"order_id": "1994"}',
    '"type": "order.cancelled.v1", "data": null',
  ),
  missing_field: message(GOOD_MESSAGE.replace('"currency":"USD",', '')),
  wrong_type: data('"customer": "jane"', '"customer": {"id": "c-1"}'),
  unknown_field: data('"shipping": 500', '"customer_order_id": "A-1"'),
  status_read_only: data('"status": "open"', '"customer_order_id": "A-1"'),
  total_as_decimal_refused: data('"total_as_decimal": "70.00"', '"total": 7000'),
  is_new_misnamed: customer('"is_new_user": true', '"is_new": true'),
  finalization_date_misnamed: data('"finalized_date": "2017-09-01"', '"customer_order_id": "A-1"'),
  plain_email: customer('"email": "jane@example.com"', `"email_sha256": "${'0a'.repeat(32)}"`),
  finalization_date_refused: data(
    '"finalization_date": "2017-09-01T00:00:00Z"',
    '"customer_order_id": "A-1"',
  ),
  text_not_unicode: data('"customer_order_id": "A-\\ud83d"', '"customer_order_id": "A-\\ud83d\\ude00"'),
  text_too_long: data(`"customer_order_id": "${'A'.repeat(256)}"`, '"customer_order_id": "A-1"'),
  order_id_malformed: data('"order_id": "1994 é"', '"order_id": "1994"'),
  order_id_dot_segment: data('"order_id": ".."', '"order_id": "1994"'),
  amount_not_integer: data('"total": 70.5', '"total": 7000'),
  amount_negative: data('"total": -7000', '"total": 7000'),
  amount_above_int32: data('"total": 3000000000', '"total": 7000'),
  number_with_decimal_point: data('"total": 7000.0', '"total": 7000'),
  total_not_sum: data('"total": 7500', '"total": 7000'),
  currency_not_iso_4217: data('"currency": "usd"', '"currency": "USD"'),
  date_not_iso_8601: data('"purchase_date": "25.07.2017"', '"purchase_date": "2017-07-25T08:23:52Z"'),
  btn_ref_not_url_safe: data('"btn_ref": "srctok 1"', '"btn_ref": "srctok-1"'),
  btn_ref_test_token_malformed: data('"btn_ref": "fakesrctok-1"', '"btn_ref": "fakesrctok-abcdef0123456789"'),
  btn_ref_test_token_refused: data('"btn_ref": "fakesrctok-abcdef0123456789"', '"btn_ref": "srctok-1"'),
  btn_ref_real_token_refused: data('"btn_ref": "srctok-1"', '"btn_ref": "fakesrctok-abcdef0123456789"'),
  channel_unknown: data('"partner_order_channel": "web"', '"partner_order_channel": "webview"'),
  email_sha256_malformed: customer('"email_sha256": "abc"', `"email_sha256": "${'0a'.repeat(32)}"`),
  line_identifier_empty: line('"identifier": ""', '"identifier": "sku-1"'),
  line_identifier_repeated: line('"identifier": "sku-2"', '"identifier": "sku-1"'),
  quantity_not_positive_integer: line('"quantity": 0', '"quantity": 1'),
  category_too_deep: line(
    '"category": ["1", "2", "3", "4", "5", "6", "7", "8"]',
    '"category": ["Clothes", "Shirts"]',
  ),
  attribute_not_text: line('"attributes": {"size": 42}', '"attributes": {"size": "42"}'),
  order_too_large: line(
    '"description": "https://cdn.example.com/… (thousands of signed links)"',
    '"description": "T-shirt"',
  ),
  event_id_repeated: event('"id": "1994" in two events', '"id": "1994-1", and "id": "1994-2" in the next'),
  more_violations: data(
    'a list of a thousand broken lines',
    '"line_items": [{"identifier": "sku-1", "total": 7000}]',
  ),
  recommended_field_missing: data(
    '"line_items": null',
    '"line_items": [{"identifier": "sku-1", "total": 7000}]',
  ),
  btn_ref_missing: data('"btn_ref": null', '"btn_ref": "srctok-1"'),
  btn_ref_organization_id: data('"btn_ref": "org-1d6e83fa50b24c97"', '"btn_ref": "srctok-1"'),
  date_without_offset: data('"purchase_date": "2017-07-25"', '"purchase_date": "2017-07-25T08:23:52Z"'),
  finalization_date_overrides_policy: data(
    '"finalization_date": "2017-09-01T00:00:00Z"',
    '"finalization_date": null',
  ),
  line_items_empty: data(
    '"total": 0, "line_items": []',
    '"line_items": [{"identifier": "sku-1", "total": 7000}]',
  ),
  total_zero_on_update: data(
    '"total": 0, "line_items": [{"identifier": "sku-1", "total": 0}]',
    '"total": 7000',
  ),
  upc_not_12_digits: line('"upc": "12345"', '"upc": "042100005264"'),
  upc_e_not_expanded: line('"upc": "01234561"', '"upc": "042100005264"'),
  more_warnings: data(
    'a list of a thousand odd lines',
    '"line_items": [{"identifier": "sku-1", "total": 7000}]',
  ),
};
