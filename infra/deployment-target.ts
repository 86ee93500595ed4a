import type { StageConfig } from './config.ts';

/** The account and region of a stage, as far as they are known. */
export type DeploymentTarget = { account: string | undefined; region: string | undefined };

/** An ARN in the configuration that the stacks pass to a service. */
type GivenArn = { path: string; arn: string; isOfAnyAccount?: boolean };

/**
 * Where the stage is deployed: where its configuration says, or else where the credentials of the CDK command
 * line belong, which passes them on in these variables.
 *
 * Source: https://docs.aws.amazon.com/cdk/v2/guide/environments.html
 */
export function targetOf(
  { account, region }: Pick<StageConfig, 'account' | 'region'>,
  environment: Record<string, string | undefined>,
): DeploymentTarget {
  return {
    account: account ?? environment['CDK_DEFAULT_ACCOUNT'],
    region: region ?? environment['CDK_DEFAULT_REGION'],
  };
}

/**
 * What AWS would refuse of the configuration's ARNs while it creates the stacks, one sentence each: a topic,
 * a certificate or a stream of another region, one of another account, a producer of another partition.
 *
 * Sources: https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-custom-domain-names.html,
 * https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_PutMetricAlarm.html
 */
export function misplacedArns(config: StageConfig, { account, region }: DeploymentTarget): string[] {
  const regional = regionalArns(config);
  const [first] = regional;
  const expected = { account, region: region ?? (first && regionOf(first.arn)) };
  const wrong = regional.flatMap(({ path, arn, isOfAnyAccount = false }) => [
    ...differs(path, 'region', { is: regionOf(arn), expected: expected.region }),
    ...(isOfAnyAccount
      ? []
      : differs(path, 'account', { is: partOf(arn, 'account'), expected: expected.account })),
  ]);
  const partition = expected.region === undefined ? undefined : partitionOf(expected.region);
  const foreign = [...regional, ...producerArns(config)].flatMap(({ path, arn }) =>
    differs(path, 'partition', { is: partOf(arn, 'partition'), expected: partition }),
  );
  return [...wrong, ...foreign];
}

function regionalArns({ alarms, transactions, existingTables }: StageConfig): GivenArn[] {
  const given = [
    // A topic may be in another account, if its policy lets this account's alarms publish.
    { path: 'alarms.page.topicArn', arn: alarms.page.topicArn, isOfAnyAccount: true },
    { path: 'alarms.ticket.topicArn', arn: alarms.ticket.topicArn, isOfAnyAccount: true },
    {
      path: 'transactions.webhookDomain.certificateArn',
      arn: transactions?.webhookDomain?.certificateArn,
    },
    { path: 'existingTables.transactions.streamArn', arn: existingTables.transactions?.streamArn },
  ];
  return given.flatMap(({ arn, ...rest }) => (arn === undefined ? [] : [{ ...rest, arn }]));
}

function producerArns({ orderReporting }: StageConfig): GivenArn[] {
  return (orderReporting?.brands ?? []).flatMap(({ producers }, brand) =>
    producers.map((arn, index) => ({ path: `orderReporting.brands.${brand}.producers.${index}`, arn })),
  );
}

function differs(
  path: string,
  part: string,
  { is, expected }: { is: string; expected: string | undefined },
): string[] {
  if (expected === undefined || is === expected) return [];
  return [`${path}: is in the ${part} ${is}, but the stacks are deployed to ${expected}`];
}

const PARTS = { partition: 1, region: 3, account: 4 } as const;

function partOf(arn: string, part: keyof typeof PARTS): string {
  return arn.split(':')[PARTS[part]] ?? '';
}

function regionOf(arn: string): string {
  return partOf(arn, 'region');
}

/** https://docs.aws.amazon.com/whitepapers/latest/aws-fault-isolation-boundaries/partitions.html */
function partitionOf(region: string): string {
  if (region.startsWith('cn-')) return 'aws-cn';
  return region.startsWith('us-gov-') ? 'aws-us-gov' : 'aws';
}
