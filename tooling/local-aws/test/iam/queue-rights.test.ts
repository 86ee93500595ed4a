import { expect, it } from 'vitest';

import { startSqs } from '../../emulators/sqs-emulator.ts';
import { createAccessControl, type AccessControl } from '../../iam/access-control.ts';
import { startSqsModel } from '../../models/sqs-server.ts';

// https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonsqs.html
it.each([
  ['the emulator', startSqs],
  ['the model', startSqsModel],
])(
  '%s of SQS asks for a right to the queue, whether a request names it by its URL or its name',
  async (_, start) => {
    const asked: string[] = [];
    const checkSigned: AccessControl['checkSigned'] = (_authorization, requests) => {
      for (const { action, resource } of requests()) asked.push(`${action} ${resource}`);
    };
    const sqs = await start('eu-west-1', { access: { ...createAccessControl(), checkSigned } });
    try {
      await sqs.call('CreateQueue', { QueueName: 'dead' });
      await sqs.call('GetQueueUrl', { QueueName: 'dead' });
      await sqs.call('GetQueueAttributes', { QueueUrl: sqs.queueUrl('dead'), AttributeNames: ['All'] });
    } finally {
      await sqs.close();
    }

    const queue = 'arn:aws:sqs:eu-west-1:000000000000:dead';
    expect(asked).toEqual([
      `sqs:CreateQueue ${queue}`,
      `sqs:GetQueueUrl ${queue}`,
      `sqs:GetQueueAttributes ${queue}`,
    ]);
  },
);
