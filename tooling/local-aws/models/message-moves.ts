import { AwsServiceError } from '../emulators/aws-json-client.ts';
import type { AwsOperation } from '../emulators/aws-json-server.ts';
import { queueNameOf } from './sqs-model.ts';
import type { SqsModel } from './sqs-model.ts';
import { readInput, SqsInput } from './sqs-wire.ts';

type Task = { sourceArn: string; destinationArn: string | undefined; moved: number; startedAtMs: number };

/**
 * The operations that move the messages of a dead-letter queue: back to where they came from, or to another
 * queue. A task is over as soon as it has been started, where SQS takes its time.
 *
 * Source:
 * https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-configure-dead-letter-queue-redrive.html
 */
export function createMoveTasks(model: SqsModel): Record<string, AwsOperation> {
  const tasks: Task[] = [];
  return {
    StartMessageMoveTask(input) {
      const { SourceArn: sourceArn, DestinationArn: destinationArn } = readInput(
        SqsInput.StartMessageMoveTask,
        input,
      );
      const source = nameIn(sourceArn);
      const isDeadLetterQueue = model
        .names()
        .some((name) => model.settings(name).redrive?.deadLetterQueue === source);
      if (!isDeadLetterQueue)
        throw new AwsServiceError(
          'InvalidParameterValue',
          'Source queue must be configured as a Dead Letter Queue.',
        );
      const moved =
        destinationArn === undefined ? model.redrive(source) : model.moveAll(source, nameIn(destinationArn));
      tasks.unshift({ sourceArn, destinationArn, moved: moved.length, startedAtMs: Date.now() });
      return { TaskHandle: Buffer.from(`${sourceArn} ${tasks.length}`).toString('base64') };
    },
    ListMessageMoveTasks(input) {
      const { SourceArn: sourceArn, MaxResults: limit = 1 } = readInput(SqsInput.ListMessageMoveTasks, input);
      const found = tasks.filter((task) => task.sourceArn === sourceArn).slice(0, limit);
      return {
        Results: found.map(({ destinationArn, moved, startedAtMs }) => ({
          Status: 'COMPLETED',
          SourceArn: sourceArn,
          ...(destinationArn === undefined ? {} : { DestinationArn: destinationArn }),
          ApproximateNumberOfMessagesMoved: moved,
          ApproximateNumberOfMessagesToMove: moved,
          StartedTimestamp: startedAtMs,
        })),
      };
    },
  };
}

function nameIn(arn: string): string {
  return queueNameOf(arn.replaceAll(':', '/'));
}
