import type * as z from 'zod';

import type { StageConfigSchema } from '../../infra/config.ts';
import { CONFIGURATIONS } from '../../infra/upgrade/configurations.ts';

type StageInput = z.input<typeof StageConfigSchema>;

/** Each of the three things that the system can be, kept for good and thrown away, and what settings add. */
export const STAGES: { name: string; config: StageInput }[] = [
  ...CONFIGURATIONS,
  {
    name: 'two brands with producers elsewhere, an archive and a domain',
    config: {
      stage: 'production',
      orderReporting: {
        brands: [{ id: 'acme', producers: ['arn:aws:iam::111122223333:role/shop'] }, { id: 'north-shop' }],
      },
      transactions: {
        eventArchiveDays: 30,
        shopperField: 'none',
        webhookDomain: {
          name: 'hooks.example.com',
          certificateArn: 'arn:aws:acm:eu-west-1:111122223333:certificate/abc',
          hostedZoneId: 'Z0123456789ABCDEFGHIJ',
        },
      },
      alarms: {
        page: { topicArn: 'arn:aws:sns:eu-west-1:111122223333:on-call' },
        ticket: { email: 'tickets@example.com' },
      },
    },
  },
  {
    name: 'without traces and dashboards',
    config: {
      stage: 'development',
      orderReporting: { brands: [{ id: 'acme' }] },
      transactions: {},
      tracing: false,
      dashboards: false,
    },
  },
];
