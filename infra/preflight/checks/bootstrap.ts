import { DescribeStacksCommand } from '@aws-sdk/client-cloudformation';
import { AssumeRoleCommand } from '@aws-sdk/client-sts';

import {
  notChecked,
  ok,
  problem,
  unlessMissing,
  type Check,
  type Finding,
  type PreflightContext,
} from '../check.ts';

/**
 * The stack that `cdk bootstrap` creates unless it is given another name, and the oldest version that the
 * stacks can use.
 */
const TOOLKIT_STACK = 'CDKToolkit';
const LEAST_VERSION = 6;

/** The default of `cdk bootstrap --qualifier`. */
const DEFAULT_QUALIFIER = 'hnb659fds';

/**
 * Whether `cdk bootstrap` has been run, and whether the caller may deploy with what it made.
 *
 * Sources: https://docs.aws.amazon.com/cdk/v2/guide/bootstrapping-env.html,
 * https://docs.aws.amazon.com/cdk/v2/guide/bootstrapping-customizing.html
 */
export const bootstrap: Check = {
  name: 'bootstrap',
  explains: `cdk deploy uploads the functions to a bucket of the stack ${TOOLKIT_STACK}. It deploys with that stack’s role cdk-${DEFAULT_QUALIFIER}-deploy-role-…, which the caller must be allowed to assume.`,
  async run(context) {
    const { clients, account, region } = context;
    const answer = await unlessMissing(
      clients.cloudFormation.send(new DescribeStacksCommand({ StackName: TOOLKIT_STACK })),
      ['ValidationError'],
    );
    const outputs = answer?.Stacks?.[0]?.Outputs ?? [];
    const version = Number(
      outputs.find(({ OutputKey: key }) => key === 'BootstrapVersion')?.OutputValue ?? 0,
    );
    if (version < LEAST_VERSION) {
      const says =
        answer === undefined
          ? `there is no stack ${TOOLKIT_STACK} in ${account}, ${region}`
          : `the stack ${TOOLKIT_STACK} has version ${version}; the stacks need ${LEAST_VERSION}`;
      return [
        problem(
          says,
          `npx cdk bootstrap aws://${account}/${region} (a stack of another name needs no action)`,
        ),
      ];
    }
    return [ok(`${TOOLKIT_STACK} has version ${version}`), await deployRole(context)];
  },
};

async function deployRole({ clients, account, region, caller }: PreflightContext): Promise<Finding> {
  const partition = caller.split(':')[1] ?? 'aws';
  const role = `arn:${partition}:iam::${account}:role/cdk-${DEFAULT_QUALIFIER}-deploy-role-${account}-${region}`;
  const request = { RoleArn: role, RoleSessionName: 'button-preflight', DurationSeconds: 900 };
  try {
    await clients.sts.send(new AssumeRoleCommand(request));
    return ok(`${caller} may deploy: it can assume ${role}`);
  } catch (error) {
    if (!(error instanceof Error) || error.name !== 'AccessDenied') throw error;
    return notChecked(
      `${caller} may not assume ${role}`,
      'cdk deploy then uses the credentials directly, which need every right to the resources of the stacks.',
    );
  }
}
