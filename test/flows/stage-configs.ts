import { resolve } from 'node:path';

import { CONFIGURATIONS } from '../../infra/upgrade/configurations.ts';

/** A brand with the shortest possible waits. */
function quickBrand(id: string): object {
  return {
    id,
    testTokens: 'allow',
    buttonTimeoutMs: 2000,
    quietTimeSeconds: 1,
    retryBaseSeconds: 1,
    retryMaxSeconds: 2,
    reporterTimeoutSeconds: 10,
    retrySweep: { schedule: 'rate(1 second)' },
  };
}

/** A publisher whose transactions are read in pages of three, and only when a test says so. */
const QUICK_TRANSACTIONS = {
  deferredWebhooks: { timeoutSeconds: 10, visibilityTimeoutSeconds: 60 },
  reconciler: {
    schedules: [{ name: 'never-in-a-test', expression: 'rate(1 day)' }],
    overlapSeconds: 60,
    lagSeconds: 0,
    sliceSeconds: 5,
    pageSize: 3,
    buttonTimeoutMs: 2000,
    timeoutSeconds: 24,
  },
};

const QUICK = { stage: 'local', dashboards: false, tracing: false };

/**
 * The stages of the flow tests. Their assemblies are made before the tests start (`prepare-assemblies.ts`).
 */
export const QUICK_STAGES = {
  both: { ...QUICK, orderReporting: { brands: [quickBrand('acme')] }, transactions: QUICK_TRANSACTIONS },
  /** Both flows, without personal fields in events. */
  impersonal: {
    ...QUICK,
    orderReporting: { brands: [quickBrand('acme')] },
    transactions: { ...QUICK_TRANSACTIONS, includePersonalFields: false },
  },
  /** Every page of a read is its own slice if Button takes a second to answer. */
  shortSlices: {
    ...QUICK,
    transactions: {
      ...QUICK_TRANSACTIONS,
      reconciler: { ...QUICK_TRANSACTIONS.reconciler, sliceSeconds: 1, pageSize: 1 },
    },
  },
  /** Like `both`, with other settings, an archive and one more brand. */
  changed: {
    ...QUICK,
    orderReporting: { brands: [{ ...quickBrand('acme'), batchSize: 5 }, quickBrand('north-shop')] },
    transactions: {
      ...QUICK_TRANSACTIONS,
      eventArchiveDays: 30,
      reconciler: { ...QUICK_TRANSACTIONS.reconciler, pageSize: 2 },
    },
  },
  /** Like `changed`, without the first brand. */
  brandRemoved: {
    ...QUICK,
    orderReporting: { brands: [quickBrand('north-shop')] },
    transactions: QUICK_TRANSACTIONS,
  },
  brandOnly: { ...QUICK, orderReporting: { brands: [quickBrand('acme')] } },
  publisherOnly: { ...QUICK, transactions: QUICK_TRANSACTIONS },
  twoBrands: {
    ...QUICK,
    orderReporting: { brands: [quickBrand('acme'), { ...quickBrand('north-shop-2'), orderBy: 'time' }] },
  },
};

/** Every setting at its default, with boards, alarms, traces and schedules. */
export const DEFAULT_STAGES = CONFIGURATIONS.filter(({ config }) => config.stage === 'development');

/** The configuration that `npm start` deploys. */
export const LOCAL_CONFIG_FILE = resolve(import.meta.dirname, '../../infra/config/local.json');
