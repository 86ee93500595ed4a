/**
 * AWS's list prices in US East (N. Virginia), in US dollars: the first tier, without free tier, savings plans
 * and taxes. If you deploy elsewhere or later, change them here and let `npm run bench -- --costs` rewrite
 * docs/costs.md.
 */
export const PRICES_AS_OF = { region: 'us-east-1', on: '2026-11-25' } as const;

/** The price of `per` units. `source` is the page that states it. */
type Price = { dollars: number; per: number; unit: string; source: string };

/** Every price that a cost is computed from. */
export const PRICES = {
  /** Per request. arm64 and x86 cost the same here. */
  lambdaRequest: {
    dollars: 0.2,
    per: 1e6,
    unit: 'requests',
    source: 'https://aws.amazon.com/lambda/pricing/',
  },
  /** For arm64. Loading the code counts as duration too. */
  lambdaGbSecond: {
    dollars: 0.0000133334,
    per: 1,
    unit: 'GB-seconds',
    source: 'https://aws.amazon.com/lambda/pricing/',
  },
  /** A request of up to 512 KB. */
  httpApiRequest: {
    dollars: 1,
    per: 1e6,
    unit: 'requests',
    source: 'https://aws.amazon.com/api-gateway/pricing/',
  },
  dynamodbWriteUnit: {
    dollars: 0.625,
    per: 1e6,
    unit: 'write request units',
    source: 'https://aws.amazon.com/dynamodb/pricing/on-demand/',
  },
  dynamodbReadUnit: {
    dollars: 0.125,
    per: 1e6,
    unit: 'read request units',
    source: 'https://aws.amazon.com/dynamodb/pricing/on-demand/',
  },
  dynamodbStorage: {
    dollars: 0.25,
    per: 1,
    unit: 'GB-months',
    source: 'https://aws.amazon.com/dynamodb/pricing/on-demand/',
  },
  /** Point-in-time recovery, which production stages have. */
  dynamodbRecovery: {
    dollars: 0.2,
    per: 1,
    unit: 'GB-months',
    source: 'https://aws.amazon.com/dynamodb/pricing/on-demand/',
  },
  /** A request of up to 64 KB, with up to ten messages. */
  sqsFifoRequest: { dollars: 0.5, per: 1e6, unit: 'requests', source: 'https://aws.amazon.com/sqs/pricing/' },
  /** Custom events of up to 64 KB. */
  eventBridgeEvent: {
    dollars: 1,
    per: 1e6,
    unit: 'events',
    source: 'https://aws.amazon.com/eventbridge/pricing/',
  },
  schedulerInvocation: {
    dollars: 1,
    per: 1e6,
    unit: 'invocations',
    source: 'https://aws.amazon.com/eventbridge/pricing/',
  },
  secret: {
    dollars: 0.4,
    per: 1,
    unit: 'secret-months',
    source: 'https://aws.amazon.com/secrets-manager/pricing/',
  },
  secretRead: {
    dollars: 0.05,
    per: 1e4,
    unit: 'calls',
    source: 'https://aws.amazon.com/secrets-manager/pricing/',
  },
  logIngestion: { dollars: 0.5, per: 1, unit: 'GB', source: 'https://aws.amazon.com/cloudwatch/pricing/' },
  customMetric: {
    dollars: 0.3,
    per: 1,
    unit: 'metric-months',
    source: 'https://aws.amazon.com/cloudwatch/pricing/',
  },
  /** Each metric that an alarm reads. */
  alarm: {
    dollars: 0.1,
    per: 1,
    unit: 'alarm metric-months',
    source: 'https://aws.amazon.com/cloudwatch/pricing/',
  },
  dashboard: {
    dollars: 3,
    per: 1,
    unit: 'dashboard-months',
    source: 'https://aws.amazon.com/cloudwatch/pricing/',
  },
  trace: { dollars: 5, per: 1e6, unit: 'traces recorded', source: 'https://aws.amazon.com/xray/pricing/' },
} as const satisfies Record<string, Price>;

/** The names of the prices. */
export type PriceName = keyof typeof PRICES;

/** The quantity of each billed unit. */
export type Quantities = Partial<Record<PriceName, number>>;

/** The cost of the quantities in dollars, each and in total. */
export function dollarsOf(quantities: Quantities): {
  parts: Partial<Record<PriceName, number>>;
  total: number;
} {
  const parts: Partial<Record<PriceName, number>> = {};
  let total = 0;
  for (const [name, { dollars, per }] of Object.entries(PRICES)) {
    if (!isPriceName(name)) continue;
    const quantity = quantities[name];
    if (quantity === undefined || quantity === 0) continue;
    parts[name] = (quantity * dollars) / per;
    total += parts[name];
  }
  return { parts, total };
}

function isPriceName(name: string): name is PriceName {
  return name in PRICES;
}
