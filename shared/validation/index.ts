export * from './orders/index.ts';
export * from './webhooks/index.ts';
