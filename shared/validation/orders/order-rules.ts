/** The rules that a brand chooses for its orders. */
export type OrderRules = {
  /** Whether an order may carry `finalization_date`, which Button advises against. */
  allowFinalizationDate: boolean;
  /** `require` refuses real tokens. An order without a token passes everywhere. */
  testTokens: 'allow' | 'refuse' | 'require';
};

/** The rules that a brand chooses for its messages. `orderBy` says which version of an order is newer. */
export type OrderEventSettings = OrderRules & { orderBy: 'sequence' | 'time' };

/**
 * The rules of a brand that chooses none: the one source of these for the client, the reporter and the
 * configuration.
 */
export const DEFAULT_ORDER_SETTINGS: OrderEventSettings = {
  allowFinalizationDate: false,
  testTokens: 'refuse',
  orderBy: 'sequence',
};

/** The part of `DEFAULT_ORDER_SETTINGS` that is about the order itself. */
export const DEFAULT_ORDER_RULES: OrderRules = {
  allowFinalizationDate: DEFAULT_ORDER_SETTINGS.allowFinalizationDate,
  testTokens: DEFAULT_ORDER_SETTINGS.testTokens,
};
