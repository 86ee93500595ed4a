import {
  paginateDescribeStacks,
  paginateListStackResources,
  type CloudFormationClient,
} from '@aws-sdk/client-cloudformation';

/** A stack of this stage that exists. */
export type DeployedStack = {
  name: string;
  /** Such as `CREATE_COMPLETE`. */
  status: string;
  isProtected: boolean;
  outputs: ReadonlyMap<string, string>;
  /** The physical ids of its resources: names or, for some types, ARNs. */
  resourceIds: ReadonlySet<string>;
};

/** Reads the stacks of a stage, with their outputs and resources. */
export async function readStacks(client: CloudFormationClient, stage: string): Promise<DeployedStack[]> {
  // The name of a stage has no capital letters, so `prod` is not taken for `prod-eu`.
  const ofStage = new RegExp(
    `^Button-${stage}-(Alarms|OrderReporting|Transactions|Dashboards|Brand-[a-z0-9-]+)$`,
  );
  const found: Omit<DeployedStack, 'resourceIds'>[] = [];
  for await (const { Stacks: stacks = [] } of paginateDescribeStacks({ client }, {})) {
    for (const {
      StackName: name = '',
      StackStatus: status = '',
      Outputs: outputs = [],
      ...stack
    } of stacks) {
      if (!ofStage.test(name)) continue;
      found.push({
        name,
        status,
        isProtected: stack.EnableTerminationProtection ?? false,
        outputs: new Map(outputs.map(({ OutputKey: key = '', OutputValue: value = '' }) => [key, value])),
      });
    }
  }
  return Promise.all(
    found.map(async (stack) => ({ ...stack, resourceIds: await readResourceIds(client, stack.name) })),
  );
}

async function readResourceIds(client: CloudFormationClient, stackName: string): Promise<Set<string>> {
  const ids = new Set<string>();
  const pages = paginateListStackResources({ client }, { StackName: stackName });
  for await (const { StackResourceSummaries: summaries = [] } of pages) {
    for (const { PhysicalResourceId: id } of summaries) if (id !== undefined) ids.add(id);
  }
  return ids;
}

/** Whether one of the stacks has created the resource. */
export function owns(stacks: readonly DeployedStack[], physicalId: string): boolean {
  return stacks.some(({ resourceIds }) => resourceIds.has(physicalId));
}
