/** What a brand decides for itself about its orders. */
export type OrderRules = {
  /** Whether an order may carry `finalization_date`, which Button advises against. */
  allowFinalizationDate: boolean;
  /** `require` refuses real tokens. An order without a token passes everywhere. */
  testTokens: 'allow' | 'refuse' | 'require';
};

/**
 * What a brand decides for itself about its messages. `orderBy` is what says which version of an order is the
 * newer.
 */
export type OrderEventSettings = OrderRules & { orderBy: 'sequence' | 'time' };

/**
 * What holds for a brand that decides nothing: the one source of these for the client, the reporter and the
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
