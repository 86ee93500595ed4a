import type * as z from 'zod';

import type { StageConfigSchema } from '../../infra/config.ts';
import { CONFIGURATIONS } from '../../infra/upgrade/configurations.ts';

type StageInput = z.input<typeof StageConfigSchema>;

/** Each of the three variants of the system, retained and not, and with additional settings. */
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
        rewardQueue: { deliverTo: { url: 'https://rewards.example.com/button' } },
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
    name: 'a brand with the most producers',
    config: {
      stage: 'production',
      orderReporting: {
        brands: [
          {
            id: 'acme',
            producers: Array.from(
              { length: 19 },
              (_, index) => `arn:aws:iam::444455556666:role/shop-${index}`,
            ),
          },
        ],
      },
    },
  },
  {
    name: 'with the publisher API, without traces and dashboards',
    config: {
      stage: 'development',
      orderReporting: { brands: [{ id: 'acme' }] },
      transactions: { publisherApi: {} },
      tracing: false,
      dashboards: false,
    },
  },
  {
    name: 'in one account and region, with the publisher API',
    config: {
      stage: 'production',
      account: '111122223333',
      region: 'eu-west-1',
      orderReporting: { brands: [{ id: 'acme' }] },
      transactions: { publisherApi: {} },
    },
  },
  {
    name: 'with existing tables',
    config: {
      stage: 'production',
      orderReporting: { brands: [{ id: 'acme' }] },
      transactions: {},
      existingTables: {
        orderLedger: 'ledger-restored',
        orderQuarantine: 'Button-production-OrderQuarantine',
        transactions: {
          name: 'tx-restored',
          streamArn:
            'arn:aws:dynamodb:eu-west-1:111122223333:table/tx-restored/stream/2026-06-01T12:00:00.000',
        },
        positions: 'positions-restored',
        webhookQuarantine: 'webhooks-restored',
      },
    },
  },
];
