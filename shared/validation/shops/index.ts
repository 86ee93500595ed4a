/**
 * Mappers of shops' own orders: the payload in, the event to send out, or every reason why there is none.
 * Pure; docs/shops.md of the project says what each covers and what it does not.
 */
export { fromAdobeCommerce } from './adobe-commerce.ts';
export { fromBigCommerce } from './bigcommerce.ts';
export { fromCommerceCloud } from './commerce-cloud.ts';
export { fromCommercetools } from './commercetools.ts';
export { readRfc2822Date } from './rfc2822-date.ts';
export type { ShopEvent, ShopMapping, ShopOptions, ShopReason, ShopReasonCode } from './shop-order.ts';
export { SHOP_REASONS } from './shop-reason.ts';
export { fromShopify } from './shopify.ts';
export { fromWooCommerce, type WooCommerceOptions } from './woocommerce.ts';
