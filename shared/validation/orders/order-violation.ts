import { formatJsonPath, type JsonPathSegment } from '../json/json-path.ts';

const OVERVIEW = 'Button, Reporting Orders (developer.usebutton.com/docs/order-api-overview)';
const BEST_PRACTICES =
  'Button, Order API Best Practices (developer.usebutton.com/docs/order-api-best-practices)';
const FINALIZATION_DATE = `${BEST_PRACTICES}, "Understanding the finalization_date field"`;
const REFERENCE = 'Button, Report an Order (developer.usebutton.com/reference/report-an-order)';
const BUTTON_LINKS = 'Button, Manual Brand Testing (developer.usebutton.com/docs/manual-brand-testing)';
const CLOUD_EVENTS = 'CloudEvents 1.0.2 (github.com/cloudevents/spec, cloudevents/spec.md)';
const CLOUD_EVENTS_JSON =
  'CloudEvents 1.0.2, JSON Event Format (github.com/cloudevents/spec, formats/json-format.md)';
const CLOUD_EVENTS_SEQUENCE =
  'CloudEvents, Sequence extension (github.com/cloudevents/spec, extensions/sequence.md)';
const JSON_SYNTAX = 'RFC 8259, The JSON Data Interchange Format';
const AWS_SNS = 'Amazon SNS Developer Guide, Raw message delivery';
const AWS_EVENTBRIDGE = 'Amazon EventBridge User Guide, Input transformation';
const AWS_SQS_EXTENDED_CLIENT = 'Amazon SQS Developer Guide, Extended Client Library';
const MESSAGE_CONTRACT = 'This project, docs/order-messages.md';

/** The texts of one code. They are constants, so a refused value cannot get into them. */
type CodeTexts = { problem: string; fix: string; source: string };

/**
 * Every reason for which an order or a message is refused, by its stable code.
 *
 * A code is never renamed or given another meaning: producers may depend on it. docs/order-messages.md lists
 * the same codes.
 */
export const ORDER_VIOLATIONS = {
  not_json: {
    problem: 'The message is not valid JSON.',
    fix: 'Send one CloudEvent as JSON in UTF-8, in structured mode.',
    source: CLOUD_EVENTS_JSON,
  },
  message_not_object: {
    problem: 'The message is valid JSON but not an object.',
    fix: 'Send one CloudEvent as a JSON object, in structured mode.',
    source: CLOUD_EVENTS_JSON,
  },
  json_encoded_twice: {
    problem: 'The JSON is wrapped in a JSON string: it was encoded twice.',
    fix: 'Encode the message once, and send the order in data as an object, not as a string.',
    source: CLOUD_EVENTS_JSON,
  },
  wrapped_by_sns: {
    problem: 'The message is wrapped in an Amazon SNS notification.',
    fix: 'Turn on raw message delivery (RawMessageDelivery) in the subscription of the queue.',
    source: AWS_SNS,
  },
  wrapped_by_eventbridge: {
    problem: 'The message is wrapped in an Amazon EventBridge event.',
    fix: 'Put the whole CloudEvent into detail, and set the input path of the target to $.detail.',
    source: AWS_EVENTBRIDGE,
  },
  wrapped_by_sqs_extended_client: {
    problem: 'The message is a pointer of the SQS Extended Client Library: the order itself is in S3.',
    fix: 'Send the message with a plain SQS client. A message may be up to 1 MiB.',
    source: AWS_SQS_EXTENDED_CLIENT,
  },
  wrapped_in_list: {
    problem: 'The message is a JSON list, such as a CloudEvents batch.',
    fix: 'Send each CloudEvent as its own message.',
    source: MESSAGE_CONTRACT,
  },
  order_without_envelope: {
    problem: 'The message is an order without the CloudEvent around it.',
    fix: 'Put the order into the data of a CloudEvent with specversion, type, id, source, subject and sequence.',
    source: MESSAGE_CONTRACT,
  },
  byte_order_mark: {
    problem: 'The message begins with a byte order mark.',
    fix: 'Encode the message as UTF-8 without a byte order mark.',
    source: `${JSON_SYNTAX}, section 8.1`,
  },
  duplicate_key: {
    problem: 'A name occurs twice in one JSON object, so its value is ambiguous.',
    fix: 'Send each name once.',
    source: `${JSON_SYNTAX}, section 4`,
  },
  proto_key: {
    problem: 'A JSON object contains the name __proto__.',
    fix: 'Remove that name.',
    source: MESSAGE_CONTRACT,
  },
  nested_too_deep: {
    problem: 'The JSON is nested more than 32 levels deep.',
    fix: 'Send the order in the documented form, which needs 5 levels.',
    source: MESSAGE_CONTRACT,
  },
  specversion_unsupported: {
    problem: 'The CloudEvents specversion is not "1.0".',
    fix: 'Send specversion "1.0".',
    source: CLOUD_EVENTS,
  },
  event_type_unknown: {
    problem: 'The event type is not one of the order events.',
    fix: 'Send order.created.v1, order.updated.v1 or order.cancelled.v1.',
    source: MESSAGE_CONTRACT,
  },
  event_version_unsupported: {
    problem: 'The event type has a major version that this reporter does not know.',
    fix: 'Send version 1, or deploy a reporter that knows the newer version and replay the message.',
    source: MESSAGE_CONTRACT,
  },
  event_attribute_missing: {
    problem: 'The CloudEvent lacks specversion, type, id, source, subject or data.',
    fix: 'Add the missing attribute; the order itself goes into data.',
    source: `${CLOUD_EVENTS}; ${MESSAGE_CONTRACT}`,
  },
  event_attribute_malformed: {
    problem:
      'A CloudEvents attribute is empty, too long (over 1024 characters) or holds characters that are not allowed.',
    fix: 'Send id as a string without control characters, and source as a URI reference (ASCII, no spaces).',
    source: CLOUD_EVENTS,
  },
  data_content_type_unsupported: {
    problem: 'The datacontenttype is not JSON.',
    fix: 'Send datacontenttype "application/json" or leave it out.',
    source: CLOUD_EVENTS_JSON,
  },
  data_base64_unsupported: {
    problem: 'The data is base64-encoded.',
    fix: 'Send the order as a JSON object in data.',
    source: CLOUD_EVENTS_JSON,
  },
  subject_mismatch: {
    problem: 'The subject differs from the order_id in data.',
    fix: 'Send the order id as the subject, exactly as in data.order_id.',
    source: MESSAGE_CONTRACT,
  },
  sequence_missing: {
    problem: 'The sequence extension is missing, so the versions of the order cannot be put in order.',
    fix: 'Send sequence: a string of decimal digits, such as "17", that rises with every version of an order.',
    source: CLOUD_EVENTS_SEQUENCE,
  },
  sequence_malformed: {
    problem: 'The sequence is not a JSON string of 1 to 1000 decimal digits.',
    fix: 'Send the number as a string, for example "17".',
    source: CLOUD_EVENTS_SEQUENCE,
  },
  time_missing: {
    problem: 'The time is missing, and this brand orders the versions of an order by time.',
    fix: 'Send the time of the change as time.',
    source: MESSAGE_CONTRACT,
  },
  time_malformed: {
    problem: 'The time is not a date and time with an offset from UTC.',
    fix: 'Send a time such as 2017-07-25T08:23:52Z.',
    source: CLOUD_EVENTS,
  },
  cancellation_with_data: {
    problem: 'A cancellation carries data. A cancellation is for the whole order and cannot be undone.',
    fix: 'Send a cancellation without data; send order.updated.v1 if part of the order remains.',
    source: `${OVERVIEW}, "Cancel an Order"`,
  },
  missing_field: {
    problem: 'A required field is missing.',
    fix: 'Send the field.',
    source: `${REFERENCE}, "Body Params"`,
  },
  wrong_type: {
    problem: 'The value has the wrong JSON type.',
    fix: 'Send the documented type.',
    source: `${REFERENCE}, "Body Params"`,
  },
  unknown_field: {
    problem: 'Button documents no such field.',
    fix: 'Remove the field, or move its value into the attributes of a line item.',
    source: `${OVERVIEW}, "Order Object"`,
  },
  status_read_only: {
    problem: 'The status of an order is read-only.',
    fix: 'Remove status; send order.cancelled.v1 to cancel the order.',
    source: `${OVERVIEW}, "Order Object"`,
  },
  total_as_decimal_refused: {
    problem: 'Decimal totals are not accepted: they do not say which unit an integer would be in.',
    fix: 'Remove total_as_decimal and send amounts in the smallest unit of the currency (1234 for 12.34 USD).',
    source: MESSAGE_CONTRACT,
  },
  is_new_misnamed: {
    problem: 'Button has no field is_new_user.',
    fix: 'Send customer.is_new.',
    source: `${OVERVIEW}, "Customer Object"`,
  },
  finalization_date_misnamed: {
    problem: 'Button has no field finalized_date.',
    fix: 'Remove it; the date is called finalization_date, and Button sets it.',
    source: FINALIZATION_DATE,
  },
  plain_email: {
    problem: 'A plain e-mail address must not be sent.',
    fix: 'Send customer.email_sha256: the SHA-256 of the trimmed, lower-case address in hex.',
    source: `${OVERVIEW}, "Customer Object"`,
  },
  finalization_date_refused: {
    problem: 'A finalization_date would override the return policy of the brand.',
    fix: 'Remove it; Button sets it. A brand that really needs it can allow it in its configuration.',
    source: FINALIZATION_DATE,
  },
  text_not_unicode: {
    problem: 'The string contains half of a surrogate pair and cannot be encoded as UTF-8.',
    fix: 'Do not cut strings between the two halves of a character.',
    source: MESSAGE_CONTRACT,
  },
  text_too_long: {
    problem: 'The string has more than 255 characters.',
    fix: 'Shorten it to 255 characters.',
    source: `${OVERVIEW}, "Order Object" and "Line Items Object"`,
  },
  order_id_malformed: {
    problem: 'The order id is not printable ASCII of 1 to 255 characters, or it begins or ends with a space.',
    fix: 'Send an ASCII order id of at most 255 characters.',
    source: `${OVERVIEW}, "Order Object"`,
  },
  order_id_dot_segment: {
    problem: 'The order id is "." or "..", which has a special meaning in the path of a URL.',
    fix: 'Use another order id.',
    source: 'RFC 3986, section 5.2.4',
  },
  amount_not_integer: {
    problem:
      "The amount is not an integer. Amounts count the currency's smallest unit: 12.34 USD is 1234, 100 JPY is 100.",
    fix: 'Multiply by the power of ten that ISO 4217 gives the currency and send a JSON integer.',
    source: `${OVERVIEW}, "Order Object"`,
  },
  amount_negative: {
    problem: 'The amount is negative.',
    fix: 'Send the amount that remains, 0 or more.',
    source: `${BEST_PRACTICES}, "How to Report Discounts"`,
  },
  amount_above_int32: {
    problem: 'The amount is above 2147483647, the largest that Button accepts.',
    fix: "Check that the amount counts the currency's smallest unit; a larger order cannot be reported in one piece.",
    source: `${REFERENCE}, "Body Params"`,
  },
  number_with_decimal_point: {
    problem:
      'An integer is written with a decimal point or an exponent. 70.0 may mean 70 cents or 70 dollars.',
    fix: 'Write integers with digits only: 7000, not 70.00, 7000.0 or 7e3.',
    source: MESSAGE_CONTRACT,
  },
  total_not_sum: {
    problem: 'The total is not the sum of the totals of the line items.',
    fix: 'Deduct discounts from both, leave taxes and delivery out of both, and send the complete line items.',
    source: `${BEST_PRACTICES}, "How to Report Discounts"`,
  },
  currency_not_iso_4217: {
    problem:
      'The currency is not an ISO 4217 code (three capital letters) of a currency with a minor unit, or was ' +
      'withdrawn before the order was made.',
    fix: 'Send the code of the currency of the order, for example USD.',
    source: `${OVERVIEW}, "Order Object"; ISO 4217, amendment 180`,
  },
  date_not_iso_8601: {
    problem: 'The date is not an ISO 8601 date, or date and time with hours and minutes.',
    fix: 'Send a time such as 2017-07-25T08:23:52Z.',
    source: `${OVERVIEW}, "Order Object"`,
  },
  btn_ref_not_url_safe: {
    problem:
      'The btn_ref is not a URL-safe string of 1 to 255 characters (letters, digits, "-", ".", "_", "~").',
    fix: 'Send the token as it was received, or leave btn_ref out if there was none.',
    source: `${OVERVIEW}, "Order Object"`,
  },
  btn_ref_test_token_malformed: {
    problem: 'The btn_ref begins like a test token but is not one.',
    fix: 'Send fakesrctok- followed by 16 of the characters 0-9 and a-f.',
    source: `${BEST_PRACTICES}, "Handling Button Attribution Tokens"`,
  },
  btn_ref_test_token_refused: {
    problem: 'The btn_ref is a test token, and this stage reports real orders.',
    fix: 'Send test orders to a test stage.',
    source: `${BEST_PRACTICES}, "Handling Button Attribution Tokens"`,
  },
  btn_ref_real_token_refused: {
    problem: 'The btn_ref is not a test token, and this stage accepts only test orders.',
    fix: 'Send a token such as fakesrctok-abcdef0123456789.',
    source: `${BEST_PRACTICES}, "Handling Button Attribution Tokens"`,
  },
  channel_unknown: {
    problem: 'The partner_order_channel is neither "app" nor "webview".',
    fix: 'Send where the customer bought: "app" or "webview".',
    source: `${OVERVIEW}, "Order Object"`,
  },
  email_sha256_malformed: {
    problem: 'The email_sha256 is not 64 hexadecimal characters.',
    fix: 'Send the SHA-256 of the trimmed, lower-case address in hex, without a label such as "SHA2-256(stdin)= ".',
    source: `${OVERVIEW}, "Customer Object"`,
  },
  line_identifier_empty: {
    problem: 'The identifier of a line item is empty.',
    fix: 'Send the SKU or UPC of the product.',
    source: `${OVERVIEW}, "Line Items Object"`,
  },
  line_identifier_repeated: {
    problem: 'Another line item of the order has the same identifier.',
    fix: 'Give each line item its own identifier, or merge the two line items.',
    source: `${OVERVIEW}, "Line Items Object"`,
  },
  quantity_not_positive_integer: {
    problem: 'The quantity is not an integer above 0.',
    fix: 'Send the number of units; leave out a line item of which nothing remains.',
    source: `${OVERVIEW}, "Line Items Object"`,
  },
  category_too_deep: {
    problem: 'The category has more than 7 entries.',
    fix: 'Send the 7 most general entries.',
    source: `${OVERVIEW}, "Line Items Object"`,
  },
  attribute_not_text: {
    problem: 'An attribute of a line item is not a string.',
    fix: 'Send attributes as an object with string values.',
    source: `${OVERVIEW}, "Line Items Object"`,
  },
  order_too_large: {
    problem: 'The order is too large for the ledger: compressed, it is larger than 360 KiB.',
    fix: 'Leave out or shorten long strings that do not compress, such as signed URLs.',
    source: MESSAGE_CONTRACT,
  },
  event_id_repeated: {
    problem: 'Other events of the same call have the same id, and SQS would drop all but the first.',
    fix: 'Give every version of an order its own id, or leave the id out.',
    source: MESSAGE_CONTRACT,
  },
  more_violations: {
    problem: 'There are more violations than the 1000 listed.',
    fix: 'Fix these first.',
    source: MESSAGE_CONTRACT,
  },
} as const satisfies Record<string, CodeTexts>;

/**
 * What Button's documents leave open, by stable code: reported and counted, but never a reason to refuse an
 * order. docs/order-messages.md lists the same codes.
 */
export const ORDER_WARNINGS = {
  recommended_field_missing: {
    problem: 'The line items are missing: Button cannot calculate commission that differs by product.',
    fix: 'Send the line items.',
    source: `${OVERVIEW}, against ${REFERENCE}`,
  },
  btn_ref_missing: {
    problem: 'A new order has no btn_ref: it cannot be attributed to a publisher.',
    fix: 'Send the token if the customer came through Button; without one the order is still reported.',
    source: `${OVERVIEW}, "Order Object"`,
  },
  btn_ref_organization_id: {
    problem:
      'The btn_ref begins with "org-", like the id of an organisation; that is not an attribution token.',
    fix: 'Send the token that came with the click.',
    source: BUTTON_LINKS,
  },
  date_without_offset: {
    problem: 'The date has no time of day or no offset from UTC; it was read as UTC.',
    fix: 'Send a time with an offset, such as 2017-07-25T08:23:52Z.',
    source: `${OVERVIEW}, "Order Object"`,
  },
  finalization_date_overrides_policy: {
    problem: 'A finalization_date overrides the return policy of the brand, which Button does not recommend.',
    fix: 'Leave it out unless the order really has its own return policy.',
    source: FINALIZATION_DATE,
  },
  line_items_empty: {
    problem: 'The list of line items is empty.',
    fix: 'Send the line items; send order.cancelled.v1 if nothing of the order remains.',
    source: `${BEST_PRACTICES}, "Differences between order updates and cancellations"`,
  },
  total_zero_on_update: {
    problem: 'An update sets the total to 0.',
    fix: 'Send order.cancelled.v1 if nothing of the order remains.',
    source: `${BEST_PRACTICES}, "Differences between order updates and cancellations"`,
  },
  upc_not_12_digits: {
    problem:
      'The upc is neither a UPC nor another GTIN. Only industries without them use an id of their own.',
    fix: 'Send the GTIN if the product has one.',
    source: `${OVERVIEW}, "Line Items Object"`,
  },
  upc_e_not_expanded: {
    problem: 'The upc has 8 digits, like a UPC-E, but its check digit is wrong: it was not expanded.',
    fix: 'Check the UPC-E, or send its 12 digits.',
    source: `${OVERVIEW}, "Line Items Object"`,
  },
  more_warnings: {
    problem: 'There are more warnings than the 1000 listed.',
    fix: 'Look into these first.',
    source: MESSAGE_CONTRACT,
  },
} as const satisfies Record<string, CodeTexts>;

/** The stable name of a reason to refuse, or of a warning. */
export type OrderViolationCode = keyof typeof ORDER_VIOLATIONS | keyof typeof ORDER_WARNINGS;

/** One problem of an order or a message, and how to fix it. It never contains the refused value. */
export type OrderViolation = {
  code: OrderViolationCode;
  /** Where it is: a JSON path such as `$.line_items[0].total`. */
  path: string;
  problem: string;
  fix: string;
  source: string;
};

const TEXTS: Record<OrderViolationCode, CodeTexts> = { ...ORDER_VIOLATIONS, ...ORDER_WARNINGS };

/** The texts of `code` for the value at `segments`. */
export function violation(code: OrderViolationCode, segments: readonly JsonPathSegment[]): OrderViolation {
  return { code, path: formatJsonPath(segments), ...TEXTS[code] };
}

/** Whether `text` is one of the codes. */
export function isOrderViolationCode(text: string): text is OrderViolationCode {
  return Object.hasOwn(TEXTS, text);
}

/**
 * Far more than anybody fixes at once, and little enough to store: a hostile 1 MiB message could cause a
 * hundred times as many.
 */
export const LISTED_AT_MOST = 1000;

/** The same list without repetitions, cut after 1000 entries; a cut list ends with the code `more`. */
export function listViolations(
  found: readonly OrderViolation[],
  more: 'more_violations' | 'more_warnings',
): OrderViolation[] {
  const distinct = [...new Map(found.map((each) => [`${each.code} ${each.path}`, each])).values()];
  return distinct.length > LISTED_AT_MOST
    ? [...distinct.slice(0, LISTED_AT_MOST), violation(more, [])]
    : distinct;
}
