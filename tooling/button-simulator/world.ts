import * as z from 'zod';

/**
 * What Button does where its documents are silent (docs/button, sections "Unknown" and "Conflicts"). A
 * receiver or reporter that works in every world need not know in which one it is.
 */
export const WorldSchema = z.strictObject({
  /**
   * POST /v1/order with an `order_id` that was reported already: refused, an update, a second order, or
   * answered with the order that is there, which stays unchanged.
   */
  duplicateCreate: z.enum(['409', 'upsert', 'second-order', 'existing-order']),
  /** How long after its create no request but another create knows an order. */
  orderVisibleAfterMs: z.int().nonnegative(),
  /** DELETE of an order that is already deleted. */
  secondDelete: z.enum(['200', '403', '404']),
  /** POST /v1/order with the `order_id` of a deleted order. */
  changeCancelled: z.enum(['409', 'accept']),
  /** GET of a deleted order, by id and by `btn_ref`: the order with status `deleted`, or nothing. */
  getCancelled: z.enum(['200', '404']),
  /**
   * Whose order ids Button accepts in the path of a read: the Brand's, its own, both or none. Without one, an
   * order is read by its `btn_ref` only.
   */
  readIds: z.enum(['both', 'brand', 'button', 'none']),
  /** Whose order ids Button accepts in the path of an update. */
  updateIds: z.enum(['both', 'brand', 'button']),
  /** Whose order ids Button accepts in the path of a cancellation. */
  cancelIds: z.enum(['both', 'brand', 'button']),
  /** How Button answers an id of the kind that it does not accept: as an unknown order, or with a 400. */
  unacceptedId: z.enum(['404', '400']),
  /** A create with a `btn_ref`: it is set, or the order has none. */
  tokenOnCreate: z.enum(['accepted', 'ignored']),
  /** An update with a `btn_ref`: it is set, it stays unchanged, or the update is refused with a 400. */
  tokenOnUpdate: z.enum(['accepted', 'ignored', 'refused']),
  /** POST /v1/order/{id} on a deleted order. */
  updateCancelled: z.enum(['403', '404']),
  /** What an update without `line_items` does to the ones reported before. */
  omittedLineItems: z.enum(['kept', 'cleared']),
  /** 202 answers a create without Button's order id. */
  orderApiStatusOnCreate: z.enum(['200', '202']),
  /** Whether the transaction of an order keeps its `tx-` id over its versions. */
  transactionId: z.enum(['stable', 'new-with-each-change']),
  /** `amount` of a declined transaction: the last pending one, or nothing. */
  declinedAmount: z.enum(['last', 'zero']),
  /** How long the Transactions API still shows the previous version. */
  transactionVisibleAfterMs: z.int().nonnegative(),
  /**
   * With a cursor, filters have to be sent again; or the cursor carries them; or it carries them and refuses
   * them; or it carries them, and sending them again returns the first page; or it carries no filter and
   * refuses them, so that the list runs past the end of what was asked for.
   */
  cursorFilters: z.enum(['sent-again', 'carried', 'refused', 'restart', 'forgotten']),
  /** What a cursor refers to: a row, or a count of rows, which drifts if rows change during paging. */
  paging: z.enum(['keyset', 'offset']),
  rowOrder: z.enum(['oldest-first', 'newest-first']),
  /** A larger `page_size` gets this number of rows. */
  maxPageSize: z.int().positive(),
  /** The two ways in which Button's texts print `meta.next` of one account. */
  nextPath: z.enum(['with-accounts', 'without-accounts']),
  /** `meta.next` is a whole URL, begins with its query, or names a host that is not Button's. */
  nextHost: z.enum(['own', 'none', 'other']),
  /** Whether `meta.next` repeats the filters beside the cursor. */
  nextFilters: z.enum(['left-out', 'repeated']),
  /** `objects` of a page without rows. */
  emptyObjects: z.enum(['list', 'null']),
  /**
   * The list of accounts: on one page, one account on each page, or among entries that do not name an
   * account.
   */
  accountsList: z.enum(['whole', 'one-a-page', 'among-malformed-entries']),
  /**
   * The list of brands: on one page, in `object`, among entries that name no brand, those on a page each, or
   * not there.
   */
  brandsList: z.enum(['whole', 'in-object', 'among-malformed-entries', 'one-a-page', 'refused']),
  finalizationWindowMinutes: z.int().min(0),
  /**
   * A page that would contain one of these is a 500: by Button's order id, or the transaction's id if there
   * is no order.
   */
  unreadableTransactions: z.array(z.string()),
  /**
   * What waits for the acknowledgement of the previous event: the same transaction, or the whole endpoint.
   */
  webhookOrdering: z.enum(['per-transaction', 'per-endpoint']),
  /** How a 202 from the receiver counts for the pause of an endpoint. */
  webhook202: z.enum(['success', 'failure']),
});
export type World = z.infer<typeof WorldSchema>;

/** Some settings of a world; the others stay unchanged. */
export const WorldChangeSchema = WorldSchema.partial();
export type WorldChange = z.infer<typeof WorldChangeSchema>;

/** The world that the better sources suggest; if there are none, the simpler one. */
export const defaultWorld: World = {
  duplicateCreate: '409',
  orderVisibleAfterMs: 0,
  secondDelete: '404',
  changeCancelled: '409',
  getCancelled: '200',
  readIds: 'both',
  updateIds: 'both',
  cancelIds: 'both',
  unacceptedId: '404',
  tokenOnCreate: 'accepted',
  tokenOnUpdate: 'accepted',
  updateCancelled: '404',
  omittedLineItems: 'kept',
  orderApiStatusOnCreate: '200',
  transactionId: 'stable',
  declinedAmount: 'last',
  transactionVisibleAfterMs: 0,
  cursorFilters: 'sent-again',
  paging: 'keyset',
  rowOrder: 'oldest-first',
  maxPageSize: 100,
  nextPath: 'with-accounts',
  nextHost: 'own',
  nextFilters: 'left-out',
  emptyObjects: 'list',
  accountsList: 'whole',
  brandsList: 'whole',
  finalizationWindowMinutes: 129_600,
  unreadableTransactions: [],
  webhookOrdering: 'per-transaction',
  webhook202: 'success',
};
