import { relative } from 'node:path';
import { styleText } from 'node:util';

import type { Instance } from './instance.ts';
import type { Endpoints } from './system.ts';

/** Which system it is, the checkout's folder, and the address of the live page. */
type EndingContext = { instance: Pick<Instance, 'number' | 'stateDirectory'>; root: string; page: string };

/** What people need once everything runs: what to type, how AWS's tools reach it, and where to read on. */
export function describeEndpoints(endpoints: Endpoints, { instance, root, page }: EndingContext): string {
  const state = relative(root, instance.stateDirectory);
  // Without this option, commands find the first system.
  const which = instance.number === 1 ? '' : ` --outputs-file ${state}/cdk-outputs.json`;
  const lines = [
    ...(endpoints.orderQueueUrl === undefined
      ? []
      : [['Report an order', `npm run send -- ${state}/order.json${brandOption(endpoints)}${which}`]]),
    ...(endpoints.webhookUrl === undefined || endpoints.buttonControlUrl === undefined
      ? []
      : [['Make Button act', `npm run trigger -- tx-validated --shopper me${which}`]]),
    ['See what happened', `npm run ops -- show ID${which}`],
  ];
  return [
    '',
    styleText('bold', 'Everything is running. Ctrl-C ends it.'),
    '',
    ...lines.map(([name = '', command = '']) => `  ${name.padEnd(19)}${styleText('cyan', command)}`),
    '',
    `  AWS CLI 2.14, boto3 1.29, SDKs of 2024 or newer: ${styleText('cyan', `. ${state}/aws.sh`)} sets region, endpoints and keys.`,
    '',
    '  What to do next: docs/README.md',
    '',
    ...links(page).map(([name, link]) => `  ${name}: ${styleText('underline', link)}`),
    '',
  ].join('\n');
}

/** Where to look next: printed last. */
function links(page: string): [name: string, link: string][] {
  return [['Live page', page]];
}

function brandOption({ brands: [first, ...others] }: Endpoints): string {
  return first === undefined || others.length === 0 ? '' : ` --brand ${first}`;
}

/** A shell script that points AWS's tools at this system, and names its resources. */
export function awsVariables(endpoints: Endpoints): string {
  const variables = {
    AWS_REGION: 'us-east-1',
    AWS_DEFAULT_REGION: 'us-east-1',
    AWS_ACCESS_KEY_ID: 'local',
    AWS_SECRET_ACCESS_KEY: 'local',
    AWS_ENDPOINT_URL_DYNAMODB: endpoints.dynamodbEndpoint,
    AWS_ENDPOINT_URL_SQS: endpoints.sqsEndpoint,
    AWS_ENDPOINT_URL_SECRETS_MANAGER: endpoints.secretsManagerEndpoint,
    AWS_ENDPOINT_URL_EVENTBRIDGE: endpoints.eventBridgeEndpoint,
    ...Object.fromEntries(
      Object.entries(endpoints.orderQueueUrls).map(([brand, url]) => [
        `ORDER_QUEUE_URL_${brand.toUpperCase()}`,
        url,
      ]),
    ),
    REWARD_QUEUE_URL: endpoints.rewardQueueUrl,
    EVENT_DELIVERY_SECRETS: endpoints.eventDeliverySecrets,
    PUBLISHER_API_URL: endpoints.publisherApiUrl,
    WEBHOOK_URL: endpoints.webhookUrl,
    BUTTON_CONTROL_URL: endpoints.buttonControlUrl,
    RECONCILE_URL: endpoints.reconcileUrl,
  };
  const lines = Object.entries(variables).flatMap(([name, value]) =>
    value === undefined ? [] : [`export ${name}='${value}'`],
  );
  return `# For a shell: . aws.sh\n${lines.join('\n')}\n`;
}
