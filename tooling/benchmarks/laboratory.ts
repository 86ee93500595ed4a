import { execFileSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import * as z from 'zod';

import { startDynamoDb } from '@button-serverless/local-aws/emulators';
import { startProcesses } from '@button-serverless/local-aws';
import { makeBundles, type Bundles } from './bundles.ts';
import { functionEnvironment, REGION, SECRETS } from './environment.ts';
import { startAwsStandIn, type AwsStandIn } from './stand-ins/aws.ts';
import { startButtonStandIn, type ButtonStandIn } from './stand-ins/button.ts';
import type { Certificate } from './stand-ins/server.ts';

/** What the cases measure with. */
export type Laboratory = {
  bundles: Bundles;
  aws: AwsStandIn;
  button: ButtonStandIn;
  /** The environment of every measured function. */
  env: Readonly<Record<string, string>>;
  /** The share of the full volume that is measured: 1 is all of it, less gives a quick look. */
  effort: number;
  /** Rows that the reconciler reads in addition to the usual numbers; 0 for none. */
  rows: number;
  close: () => Promise<void>;
};

const CertificateSchema = z.object({ key: z.string(), cert: z.string() });

/**
 * Bundles everything and starts the stand-ins. Without `peers`, it needs none of the packages in the
 * package.json beside this file: there is no comparison and no TLS. That is enough to count.
 */
export async function openLaboratory({
  peers,
  ...scope
}: Pick<Laboratory, 'effort' | 'rows'> & { peers: boolean }): Promise<Laboratory> {
  const folder = join(import.meta.dirname, '../..', '.bench');
  mkdirSync(folder, { recursive: true });
  const certificate = peers ? makeCertificate() : undefined;
  const caFile = join(folder, 'ca.pem');
  if (certificate) writeFileSync(caFile, certificate.cert);

  const bundles = await makeBundles({ peers });
  const processes = startProcesses();
  const dynamodb = await startDynamoDb(processes, REGION);
  const aws = await startAwsStandIn({ dynamodb, certificate, secrets: SECRETS });
  const button = await startButtonStandIn(certificate);
  return {
    ...scope,
    bundles,
    aws,
    button,
    env: {
      ...functionEnvironment({ awsUrl: aws.url, buttonUrl: button.url }),
      ...(certificate ? { NODE_EXTRA_CA_CERTS: caFile } : {}),
    },
    async close() {
      // The process watcher does not keep this process alive until it ends.
      const alive = setInterval(() => undefined, 1000);
      await aws.close();
      await button.close();
      await dynamodb.close();
      await processes.close();
      clearInterval(alive);
    },
  };
}

function makeCertificate(): Certificate {
  const program = join(import.meta.dirname, 'children', 'make-certificate.mjs');
  return CertificateSchema.parse(JSON.parse(execFileSync(process.execPath, [program], { encoding: 'utf8' })));
}
