import { deflateRawSync, inflateRawSync } from 'node:zlib';

/**
 * What the JSON of an item usually contains, so that deflate does not have to store it again. With the
 * dictionary, an ordinary transaction including its payload fits into the kilobyte that one DynamoDB write
 * unit covers. What was packed with one dictionary can only be read with that one: never change it, add
 * another under the next number.
 */
const DICTIONARY_1 = Buffer.from(
  [
    '{"brand":"","orderId":"","newest":{"version":{"by":"sequence","sequence":"1"},"kind":"updated","cancelled","kind":"created","hash":"',
    '","eventId":"","eventSource":"https://","time":"2026-","order":{"total":,"currency":"USD","order_id":"","purchase_date":"2026-',
    '","btn_ref":"srctok-","customer":{"id":"","email_sha256":"","device_id":"","is_new":true},"customer_order_id":"',
    '","partner_order_channel":"webview","app","line_items":[{"identifier":"","total":,"amount":,"quantity":1,"sku":"","upc":"',
    '","category":["",""],"description":"","attributes":{"size":"","brand":"","coupon_code":""}}]}},"progress":{"state":"in-doubt",',
    '"state":"waiting","dueAt":"2026-","reason":"","state":"claimed","owner":"","until":"2026-","certain":true,"retryAt":"2026-',
    '"state":"settled"},"attempts":0,"warnings":[],"reported":{"version":{"by":"sequence","sequence":"","hash":"","at":"2026-',
    '","acceptedOnly":false,"buttonOrderId":"btnorder-"}}',
    '{"candidates":[{"transaction":{"id":"tx-","buttonOrderId":"btnorder-","status":"validated","status":"declined","status":"pending',
    '","category":"existing-user-order","category":"new-user-order","amountMinor":,"currency":"USD","orderTotalMinor":,"orderCurrency":"USD',
    '","createdDate":"2026-","modifiedDate":"2026-","validatedDate":null,"attributionDate":"2026-","accountId":"acc-',
    '","commerceOrganization":"org-","publisherCustomerId":"","pubRef":""},"payload":',
    '{"publisher_organization_name":"","commerce_organization_name":"","country":"US","order_purchased_date":"2026-',
    '","posting_rule_id":null,"order_currency":"USD","modified_date":"2026-","created_date":"2026-","order_line_items":[{"identifier":"',
    '","total":,"amount":,"quantity":1,"publisher_commission":,"sku":"","gtin":"00","category":"","subcategory1":"","subcategory2":"',
    '","description":"","attributes":{"size":"","brand":""}}],"button_id":"static","campaign_id":"camp-","rate_card_id":"ratecard-',
    '","order_id":null,"customer_order_id":null,"account_id":"acc-","attribution_date":"2026-","btn_ref":"srctok-","currency":"USD',
    '","pub_ref":"","status":"validated","status":"declined","status":"pending","event_date":"2026-","order_total":,"advertising_id":null',
    ',"publisher_organization":"org-","commerce_organization":"org-","amount":,"button_order_id":"btnorder-","publisher_customer_id":"',
    '","order_purchase_date":"2026-","id":"tx-","order_click_channel":"webview","order_click_channel":"app","category":"existing-user-order',
    '","category":"app-install","category":"new-user-order","validated_date":null}}],"overruled":[],"buttonIds":["tx-"],"seen":[{"content":"',
    '","status":"pending","amountMinor":,"modifiedDate":"2026-","source":"api","source":"webhook:hook-","seenAt":"2026-"}]}',
  ].join(''),
);

/** The first dictionary, and a transaction as it is stored with every version seen. */
const DICTIONARY_2 = Buffer.concat([
  DICTIONARY_1,
  Buffer.from(
    [
      '{"buttonIds":["tx-"],"seen":[{"transaction":{"id":"tx-","buttonOrderId":"btnorder-","status":"validated","category":"existing-user-order',
      '","status":"declined","category":"app-install","status":"pending","category":"new-user-order","amountMinor":,"currency":"USD',
      '","orderTotalMinor":,"orderCurrency":"USD","createdDate":"2026-","modifiedDate":"2026-","validatedDate":"2026-","attributionDate":"2026-',
      '","validatedDate":null,"attributionDate":null,"purchaseDate":null,"purchaseDate":"2026-","accountId":"acc-","commerceOrganization":"org-',
      '","commerceOrganizationName":"","linesDigest":null,"publisherCustomerId":"","pubRef":null},"linesDigest":"","publisherCustomerId":null',
      ',"pubRef":""},"payload":null,"source":"api:2026-","payload":{"source":"webhook:hook-","seenAt":"2026-","shownAt":"2026-"}]}',
    ].join(''),
  ),
]);

/** The first byte of what `packJson` returns: the dictionary that it used. */
const DICTIONARIES = new Map([
  [1, DICTIONARY_1],
  [2, DICTIONARY_2],
]);
const CURRENT_DICTIONARY = 2;

/** Packs a value as JSON for a DynamoDB item, where every started kilobyte costs a write unit. */
export function packJson(value: unknown): Uint8Array {
  const deflated = deflateRawSync(JSON.stringify(value), { dictionary: DICTIONARY_2, level: 9 });
  return Buffer.concat([Buffer.of(CURRENT_DICTIONARY), deflated]);
}

/** The value that was packed. Throws on bytes that `packJson` did not make. */
export function unpackJson(bytes: Uint8Array): unknown {
  const dictionary = DICTIONARIES.get(bytes[0] ?? 0);
  if (!dictionary) throw new Error('These bytes were packed by a newer version of this code');
  return JSON.parse(inflateRawSync(bytes.subarray(1), { dictionary }).toString('utf8'));
}

/** Packs bytes that were refused or deferred; anybody can inflate them (raw deflate). */
export function packText(text: string | Uint8Array): Uint8Array {
  return deflateRawSync(text);
}

/** The bytes that were packed. Throws on bytes that `packText` did not make. */
export function unpackText(bytes: Uint8Array): Buffer {
  return inflateRawSync(bytes);
}
