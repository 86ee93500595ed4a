import type * as z from 'zod';

import type { StageConfigSchema } from '../../infra/config.ts';

type StageInput = z.input<typeof StageConfigSchema>;

const BRAND = { orderReporting: { brands: [{ id: 'acme' }] } };
const PUBLISHER = { transactions: {} };

/** Each of the three things that the system can be, kept for good and thrown away, and what settings add. */
export const STAGES: { name: string; config: StageInput }[] = [
  ...['development', 'production'].flatMap((stage) => [
    { name: `a brand, ${stage}`, config: { stage, ...BRAND } },
    { name: `a publisher, ${stage}`, config: { stage, ...PUBLISHER } },
    { name: `both, ${stage}`, config: { stage, ...BRAND, ...PUBLISHER } },
  ]),
  {
    name: 'two brands with producers elsewhere, and an archive',
    config: {
      stage: 'production',
      orderReporting: {
        brands: [{ id: 'acme', producers: ['arn:aws:iam::111122223333:role/shop'] }, { id: 'north-shop' }],
      },
      transactions: { eventArchiveDays: 30, shopperField: 'none' },
      alarmTopicArn: 'arn:aws:sns:eu-west-1:111122223333:on-call',
    },
  },
  {
    name: 'without traces and dashboards',
    config: { stage: 'development', ...BRAND, ...PUBLISHER, tracing: false, dashboards: false },
  },
];
