import type { LocalCloud } from './cloud.ts';
import type { DeployedResource } from './resource-definition.ts';
import { RESOURCE_DEFINITIONS } from './resource-registry.ts';
import type { Stack } from './template/assembly.ts';
import { deploymentOrder } from './template/deployment-order.ts';
import { evaluateCondition, resolveValue } from './template/intrinsics.ts';
import type { Scope } from './template/intrinsics.ts';

/** A resource that stands, and where it comes from. */
export type LocalResource = {
  stack: string;
  logicalId: string;
  /** The construct's path in the CDK app, for example `Orders/Queue/Resource`. */
  constructPath: string;
  type: string;
  physicalId: string;
};

/** A stack that stands. */
export type LocalStack = { resources: LocalResource[]; outputs: Record<string, string> };

/** Throws, naming every one, when the stacks have resources of a type that cannot be deployed locally. */
export function refuseUnknownTypes(stacks: Stack[]): void {
  const unknown = stacks.flatMap(({ name, template }) =>
    Object.entries(template.Resources)
      .filter(([, { Type: type }]) => !RESOURCE_DEFINITIONS.has(type))
      .map(
        ([logicalId, { Type: type }]) =>
          `Stack ${name}, resource ${logicalId}: type ${type} is not supported locally.`,
      ),
  );
  if (unknown.length > 0) throw new Error(unknown.join('\n'));
}

/**
 * Makes the resources of a stack in the cloud, one after the other. Throws at the first that cannot be made.
 */
export async function deployStack(stack: Stack, cloud: LocalCloud): Promise<LocalStack> {
  const deployed = new Map<string, DeployedResource>();
  const scope = createScope(stack, { cloud, deployed });
  const resources: LocalResource[] = [];

  for (const [logicalId, resource] of deploymentOrder(stack.template)) {
    if (resource.Condition !== undefined && !scope.condition(resource.Condition)) continue;
    const place = `Stack ${stack.name}, resource ${logicalId} (${resource.Type})`;
    const properties = resolveProperties(resource.Properties, { scope, place });
    const definition = RESOURCE_DEFINITIONS.get(resource.Type);
    if (definition === undefined) throw new Error(`${place}: the type is not supported locally.`);

    const result = await definition.deploy(properties, { stack: stack.name, logicalId, cloud });
    deployed.set(logicalId, result);
    resources.push({
      stack: stack.name,
      logicalId,
      constructPath: resource.Metadata['aws:cdk:path'] ?? stack.constructPaths.get(logicalId) ?? logicalId,
      type: resource.Type,
      physicalId: result.physicalId,
    });
  }
  return { resources, outputs: outputsOf(stack, scope) };
}

function resolveProperties(
  properties: Record<string, unknown>,
  { scope, place }: { scope: Scope; place: string },
): Record<string, unknown> {
  const resolved = Object.entries(properties).map(([name, value]) => {
    try {
      return [name, resolveValue(value, scope)] as const;
    } catch (error) {
      throw new Error(`${place}: property ${name}: ${String(error)}`, { cause: error });
    }
  });
  return Object.fromEntries(resolved.filter(([, value]) => value !== undefined));
}

function outputsOf({ name: stackName, template }: Stack, scope: Scope): Record<string, string> {
  const outputs = Object.entries(template.Outputs)
    .filter(([, { Condition: condition }]) => condition === undefined || scope.condition(condition))
    .map(([name, { Value: value }]) => {
      const resolved = resolveValue(value, scope);
      if (typeof resolved !== 'string') throw new Error(`Stack ${stackName}: output ${name} is not a text.`);
      return [name, resolved] as const;
    });
  return Object.fromEntries(outputs);
}

/** What the names in this stack's template stand for, given what has been deployed of it. */
function createScope(
  { name: stackName, template }: Stack,
  { cloud, deployed }: { cloud: LocalCloud; deployed: ReadonlyMap<string, DeployedResource> },
): Scope {
  const pseudoParameters = new Map<string, unknown>([
    ['AWS::AccountId', cloud.accountId],
    ['AWS::NoValue', undefined],
    ['AWS::Partition', 'aws'],
    ['AWS::Region', cloud.region],
    ['AWS::StackId', `arn:aws:cloudformation:${cloud.region}:${cloud.accountId}:stack/${stackName}/local`],
    ['AWS::StackName', stackName],
    ['AWS::URLSuffix', 'amazonaws.com'],
  ]);

  const scope: Scope = {
    ref(name) {
      if (pseudoParameters.has(name)) return pseudoParameters.get(name);
      const resource = deployed.get(name);
      if (resource !== undefined) return resource.physicalId;
      return parameterValue(name, template.Parameters[name]);
    },
    getAtt(logicalId, attribute) {
      const value = deployed.get(logicalId)?.attributes[attribute];
      if (value === undefined)
        throw new Error(`Attribute ${attribute} of ${logicalId} is not supported locally.`);
      return value;
    },
    importValue(name) {
      throw new Error(`There is no export ${name}.`);
    },
    condition(name) {
      if (!Object.hasOwn(template.Conditions, name)) throw new Error(`There is no condition ${name}.`);
      return evaluateCondition(template.Conditions[name], scope);
    },
    // The CDK spells out the address of an HTTP API where it could ask for ApiEndpoint.
    localise: (text) =>
      [...cloud.httpApis].reduce(
        (result, [apiId, { endpoint }]) =>
          result.replaceAll(`https://${apiId}.execute-api.${cloud.region}.amazonaws.com`, endpoint),
        text,
      ),
  };
  return scope;
}

function parameterValue(name: string, parameter: { Type: string; Default?: unknown } | undefined): unknown {
  if (parameter === undefined) throw new Error(`There is no resource or parameter ${name}.`);
  if (parameter.Type.startsWith('AWS::SSM::'))
    throw new Error(`Parameter ${name} comes from SSM, which is not here.`);
  if (parameter.Default === undefined) throw new Error(`Parameter ${name} has no default.`);
  return parameter.Default;
}
