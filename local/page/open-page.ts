import { SQSClient } from '@aws-sdk/client-sqs';
import { renderPage } from '@button-serverless/dashboards';

import { openConsole, type EventRow, type RunningConsole } from '../../ops/console/index.ts';
import { readRun } from '../dashboard/run-data.ts';
import type { LocalSystem } from '../system.ts';
import { formatAmount } from '../tour/amounts.ts';
import { connectSimulator } from '../tour/simulator-control.ts';
import { localActions } from './local-actions.ts';

/** Reads cost nothing here. */
const WATCH = { intervalMs: 1000, itemsPerRefresh: 5000 };
const MOST_EVENTS = 50;

/**
 * The live page of a system on this machine, with buttons for everything that its configuration deploys.
 * Throws if no port is free.
 */
export async function openPage(system: LocalSystem): Promise<RunningConsole> {
  const { sqsEndpoint, buttonControlUrl, outputsFile, webhookUrl } = system.endpoints;
  const sqs = new SQSClient({
    region: 'us-east-1',
    endpoint: sqsEndpoint,
    credentials: { accessKeyId: 'local', secretAccessKey: 'local' },
  });
  const simulator = buttonControlUrl === undefined ? undefined : connectSimulator(buttonControlUrl);
  const hasBoards = system.cloudWatch.dashboards.length > 0;
  const startedAt = new Date();
  const opened = await openConsole({
    outputsFile,
    port: 0,
    watch: { ...WATCH, ...(webhookUrl !== undefined && { events: () => eventRows(system) }) },
    mayReplay: true,
    actions: localActions(system, { sqs, simulator }),
    ...(hasBoards && {
      boards: [{ title: 'Boards', url: '/boards' }],
      boardsPage: () => renderPage(readRun(system, { startedAt, endedAt: new Date(), phases: [] })),
    }),
  });
  return {
    url: opened.url,
    async close() {
      await opened.close();
      sqs.destroy();
    },
  };
}

/** The latest events on the bus, without what names a shopper. */
function eventRows(system: Pick<LocalSystem, 'events'>): EventRow[] {
  return system
    .events()
    .slice(-MOST_EVENTS)
    .toReversed()
    .map(({ id, time, 'detail-type': type, detail }) => {
      const { transactionKey, amountMinor, currency } = detail;
      const hasWorth = typeof amountMinor === 'number' && typeof currency === 'string';
      return {
        key: id,
        at: time,
        type,
        about: typeof transactionKey === 'string' ? transactionKey : id,
        ...(hasWorth && { worth: formatAmount(amountMinor, currency) }),
      };
    });
}
