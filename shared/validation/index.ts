export * from './async-api.ts';
export * from './orders/index.ts';
export * from './webhooks/index.ts';
