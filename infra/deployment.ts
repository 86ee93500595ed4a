import { existsSync } from 'node:fs';
import { join } from 'node:path';

import { Duration, RemovalPolicy } from 'aws-cdk-lib/core';

import { retainsData, type StageConfig } from './config.ts';

/** What every stack and construct is created from. */
export type Deployment = {
  config: StageConfig;
  /** The folder with one folder for each function, as infra/bundle.ts writes it. */
  bundlesFolder: string;
};

/**
 * What happens to a resource that holds data when its stack removes it. Of a failed creation only tables
 * stay, which are protected from deletion: docs/operations.md says how to repeat it.
 */
export function dataRemovalPolicy({ config }: Deployment): RemovalPolicy {
  return retainsData(config) ? RemovalPolicy.RETAIN_ON_UPDATE_OR_DELETE : RemovalPolicy.DESTROY;
}

/** The folder to upload for a function. Throws if the function has not been bundled. */
export function bundleFolder({ bundlesFolder }: Deployment, functionName: string): string {
  const folder = join(bundlesFolder, functionName);
  if (!existsSync(folder))
    throw new Error(`There is no bundle in ${folder}. Run "node infra/bundle.ts" first.`);
  return folder;
}

/** How long queues keep messages: the longest that SQS allows. */
export const MESSAGE_RETENTION = Duration.days(14);

/**
 * The age of a dead letter, in seconds, at which three days or less are left until SQS deletes it. A message
 * of a standard queue keeps its first timestamp when it is moved, while the metric of its age begins anew: of
 * its time it may have spent `spentSeconds` on the queue. That of a FIFO queue is reset.
 *
 * Source: https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-dead-letter-queues.html
 */
export function expiringSeconds(spentSeconds: number): number {
  const noticeSeconds = Duration.days(3).toSeconds();
  return Math.max(
    MESSAGE_RETENTION.toSeconds() - noticeSeconds - spentSeconds,
    Duration.hours(1).toSeconds(),
  );
}
