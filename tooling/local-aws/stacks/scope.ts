import type { LocalCloud } from '../cloud.ts';
import { evaluateCondition } from '../template/intrinsics.ts';
import type { Scope } from '../template/intrinsics.ts';
import type { Stack } from '../template/assembly.ts';
import type { Member } from './member.ts';

type ScopeSources = {
  cloud: LocalCloud;
  /** What has been deployed of the stack. */
  members: ReadonlyMap<string, Member>;
  /** The value that another stack exports under the name. */
  importValue: (name: string) => string;
};

/** What the names in this stack's template stand for, given what has been deployed of it. */
export function createScope(
  { name: stackName, template }: Stack,
  { cloud, members, importValue }: ScopeSources,
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
      const member = members.get(name);
      if (member !== undefined) return member.resource.physicalId;
      return parameterValue(name, template.Parameters[name]);
    },
    getAtt(logicalId, attribute) {
      const value = members.get(logicalId)?.resource.attributes[attribute];
      if (value === undefined)
        throw new Error(`Attribute ${attribute} of ${logicalId} is not supported locally.`);
      return value;
    },
    importValue,
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
