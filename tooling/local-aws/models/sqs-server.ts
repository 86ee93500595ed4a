import type { AwsJsonClient } from '../emulators/aws-json-client.ts';
import { awsJsonClient } from '../emulators/aws-json-client.ts';
import { serveAwsJson } from '../emulators/aws-json-server.ts';
import { sentIn } from '../emulators/sent-messages.ts';
import type { SqsEmulator, SqsOptions } from '../emulators/sqs-emulator.ts';
import { createAccessControl } from '../iam/access-control.ts';
import { createQueueService } from './queue-service.ts';

/** Serves the model of SQS, in this process, as the emulator serves its own. */
export async function startSqsModel(
  region: string,
  { access = createAccessControl(), onRequest = () => undefined }: SqsOptions = {},
): Promise<SqsEmulator> {
  const service = createQueueService(region);
  const traces = new Map<string, string>();
  const server = await serveAwsJson('AmazonSQS', {
    operations: service.operations,
    deniedStatus: 403,
    authorize: (authorization, operation, input) => {
      access.checkSigned(authorization, () => [
        {
          action: `sqs:${operation.replace(/Batch$/u, '')}`,
          resource: service.arnIn(input),
          context: { 'aws:SecureTransport': ['true'] },
        },
      ]);
    },
    onAnswered: ({ traceId, ...answered }) => {
      if (traceId !== undefined)
        for (const messageId of sentIn(answered.answer)) traces.set(messageId, traceId);
      onRequest({ ...answered, atMs: Date.now() });
    },
  });
  service.listensAt(server.url);
  const call: AwsJsonClient = awsJsonClient({ endpoint: server.url, service: 'AmazonSQS', region });
  return {
    endpoint: server.url,
    call,
    queueUrl: (queueName) => service.urlOf(queueName),
    traceOf: (messageId) => traces.get(messageId),
    inspect: (queueName) => Promise.resolve(service.contents(queueName)),
    levels: () => Promise.resolve(service.levels()),
    close: () => server.close(),
  };
}
