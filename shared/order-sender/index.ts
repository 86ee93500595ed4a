/** The client for a commerce system: validates events and sends them to a brand's order queue. */
export * from './order-sender.ts';
export * from './send-result.ts';
