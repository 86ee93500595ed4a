import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

import { CreateTopicCommand, SNSClient, SubscribeCommand } from '@aws-sdk/client-sns';
import { buildApp } from 'fauxqs';
import { describe, expect, it, onTestFinished } from 'vitest';

import type { CommandContext } from '../../../ops/command.ts';
import { createClients } from '../../../ops/clients.ts';
import { NO_PROGRESS } from '../../../ops/progress.ts';
import { topicChecks } from '../../../ops/doctor/topic-checks.ts';

/** A stage with a topic for each severity, in its own SNS. */
async function stageWithTopics(): Promise<{ sns: SNSClient; arns: string[]; context: CommandContext }> {
  const app = buildApp({ logger: false });
  const endpoint = await app.listen({ host: '127.0.0.1', port: 0 });
  const credentials = { accessKeyId: 'test', secretAccessKey: 'test' };
  const sns = new SNSClient({ region: 'us-east-1', endpoint, credentials });
  const clients = { ...createClients({ region: 'us-east-1' }), sns };
  onTestFinished(async () => {
    sns.destroy();
    clients.close();
    await app.close();
  });
  const arns: string[] = [];
  for (const Name of ['page', 'ticket'])
    arns.push((await sns.send(new CreateTopicCommand({ Name }))).TopicArn ?? '');
  const outputs = new Map([
    ['PageTopicArn', arns[0] ?? ''],
    ['TicketTopicArn', arns[1] ?? ''],
  ]);
  const stage = {
    name: 'production',
    account: '000000000000',
    region: 'us-east-1',
    outputNames: [...outputs.keys()],
    output: (key: string) => outputs.get(key) ?? '',
    brands: [],
  };
  return {
    sns,
    arns,
    context: { stage, clients, isDryRun: true, now: () => new Date(), progress: NO_PROGRESS },
  };
}

/**
 * An SNS with one subscription that is not confirmed yet. Source: Amazon SNS API reference,
 * ListSubscriptionsByTopic.
 */
async function snsWithUnconfirmed(): Promise<SNSClient> {
  const server = createServer((_, response) => {
    response.setHeader('content-type', 'text/xml');
    response.end(
      '<ListSubscriptionsByTopicResponse xmlns="http://sns.amazonaws.com/doc/2010-03-31/"><ListSubscriptionsByTopicResult>' +
        '<Subscriptions><member><SubscriptionArn>PendingConfirmation</SubscriptionArn><Protocol>email</Protocol></member>' +
        '</Subscriptions></ListSubscriptionsByTopicResult></ListSubscriptionsByTopicResponse>',
    );
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const credentials = { accessKeyId: 'test', secretAccessKey: 'test' };
  const sns = new SNSClient({ region: 'us-east-1', endpoint, credentials });
  onTestFinished(() => {
    sns.destroy();
    server.closeAllConnections();
    server.close();
  });
  return sns;
}

describe('the topics of a stage', () => {
  it('notify nobody as long as nobody has confirmed', async () => {
    const { context } = await stageWithTopics();
    const sns = await snsWithUnconfirmed();

    const [page] = await Promise.all(topicChecks({ ...context, clients: { ...context.clients, sns } }));

    expect(page).toMatchObject({
      state: 'problem',
      says: 'Nobody is notified. 1 not confirmed yet: the e-mail from AWS has the link.',
    });
  });

  it('need a subscriber each; for one without subscribers, the command is named', async () => {
    const { sns, arns, context } = await stageWithTopics();
    await sns.send(
      new SubscribeCommand({
        TopicArn: arns[0],
        Protocol: 'sqs',
        Endpoint: 'arn:aws:sqs:us-east-1:000000000000:page-queue',
      }),
    );

    const [page, ticket] = await Promise.all(topicChecks(context));

    expect(page).toEqual({ check: 'topic for a page', state: 'ok', says: '1 subscriber.' });
    expect(ticket).toMatchObject({
      check: 'topic for a ticket',
      state: 'problem',
      says: 'Nobody is notified.',
    });
    expect(ticket).toMatchObject({
      remedy: expect.stringContaining(`--topic-arn ${arns[1] ?? ''}`) as string,
    });
  });
});
