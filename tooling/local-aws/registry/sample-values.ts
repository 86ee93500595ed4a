import * as z from 'zod';
import type { Scope } from '../template/intrinsics.ts';
import { evaluateCondition, resolveValue } from '../template/intrinsics.ts';
import type { Template, TemplateResource } from '../template/template.ts';

/** Where a template would be deployed. */
export type Place = { stackName: string; region: string; accountId: string };

const PARTITIONS = [
  { prefix: 'cn-', name: 'aws-cn', suffix: 'amazonaws.com.cn' },
  { prefix: 'us-gov-', name: 'aws-us-gov', suffix: 'amazonaws.com' },
  { prefix: '', name: 'aws', suffix: 'amazonaws.com' },
];

function partitionOf(region: string): { name: string; suffix: string } {
  return (
    PARTITIONS.find(({ prefix }) => region.startsWith(prefix)) ?? { name: 'aws', suffix: 'amazonaws.com' }
  );
}

/**
 * The names in a template as they could be in the region: an ARN is an ARN of the region's partition, a URL
 * is a URL, and any other value is a short text. For the checks of templates that are not deployed.
 */
export function sampleScope(template: Template, place: Place): Scope {
  const { name: partition, suffix } = partitionOf(place.region);
  const pseudoParameters = new Map<string, unknown>([
    ['AWS::AccountId', place.accountId],
    ['AWS::NoValue', undefined],
    ['AWS::Partition', partition],
    ['AWS::Region', place.region],
    [
      'AWS::StackId',
      `arn:${partition}:cloudformation:${place.region}:${place.accountId}:stack/${place.stackName}/` +
        '51af3dc0-da77-11e4-872e-1234567db123',
    ],
    ['AWS::StackName', place.stackName],
    ['AWS::URLSuffix', suffix],
  ]);
  const resourceOf = (logicalId: string): TemplateResource => {
    const resource = template.Resources[logicalId];
    if (resource === undefined) throw new Error(`There is no resource or parameter ${logicalId}.`);
    return resource;
  };

  const scope: Scope = {
    ref(name) {
      if (pseudoParameters.has(name)) return pseudoParameters.get(name);
      const parameter = template.Parameters[name];
      if (parameter !== undefined) return parameter.Default;
      return sampleRef(name, resourceOf(name), { ...place, partition, suffix });
    },
    getAtt: (logicalId, attribute) =>
      sampleAttribute(attribute, {
        logicalId,
        type: resourceOf(logicalId).Type,
        place: { ...place, partition, suffix },
      }),
    importValue: () => 'imported',
    condition: (name) => evaluateCondition(template.Conditions[name], scope),
    localise: (text) => text,
  };
  return scope;
}

/** A resource whose intrinsic functions are resolved to samples, and the samples that refer to it. */
export type SampledResource = {
  logicalId: string;
  type: string;
  properties: Record<string, unknown>;
  ref: string;
  arn: string;
};

/** The resources of a template as they could be in the place. */
export function sampleResources(template: Template, place: Place): SampledResource[] {
  const scope = sampleScope(template, place);
  return Object.entries(template.Resources)
    .filter(([, { Condition }]) => Condition === undefined || scope.condition(Condition))
    .map(([logicalId, resource]) => ({
      logicalId,
      type: resource.Type,
      properties: PropertiesSchema.parse(resolveValue(resource.Properties, scope)),
      ref: String(scope.ref(logicalId)),
      arn: scope.getAtt(logicalId, 'Arn'),
    }));
}

const PropertiesSchema = z.record(z.string(), z.unknown());

type SamplePlace = Place & { partition: string; suffix: string };

/** Types whose `Ref` is an ARN; of a queue it is the URL, of any other its name or id. */
const REF_IS_ARN = new Set([
  'AWS::SecretsManager::Secret',
  'AWS::SNS::Topic',
  'AWS::SNS::Subscription',
  'AWS::StepFunctions::StateMachine',
]);

function sampleRef(
  logicalId: string,
  { Type: type, Properties }: TemplateResource,
  place: SamplePlace,
): string {
  if (REF_IS_ARN.has(type)) return sampleArn(logicalId, type, place);
  if (type === 'AWS::SQS::Queue')
    return `https://sqs.${place.region}.${place.suffix}/${place.accountId}/${sampleName(logicalId, Properties)}`;
  return sampleName(logicalId, Properties);
}

/** As long as a generated name may be for the type with the shortest limit. */
function sampleName(logicalId: string, properties: Record<string, unknown>): string {
  const suffix = properties['FifoQueue'] === true ? '.fifo' : '';
  return `${logicalId.slice(0, 50)}-A1B2C3D4E5F6${suffix}`;
}

function sampleAttribute(
  attribute: string,
  { logicalId, type, place }: { logicalId: string; type: string; place: SamplePlace },
): string {
  const arn = sampleArn(logicalId, type, place);
  if (attribute === 'StreamArn') return `${arn}/stream/2026-06-01T12:00:00.000`;
  if (attribute.endsWith('Arn')) return type === 'AWS::Logs::LogGroup' ? `${arn}:*` : arn;
  if (attribute === 'ApiEndpoint') return `https://a1b2c3d4e5.execute-api.${place.region}.${place.suffix}`;
  if (attribute === 'RegionalHostedZoneId') return 'Z0123456789ABCDEFGHIJ';
  if (attribute === 'RegionalDomainName') return `d-a1b2c3d4e5.execute-api.${place.region}.${place.suffix}`;
  return `${logicalId.slice(0, 50)}-A1B2C3D4E5F6`;
}

/** By type: what stands before the name in an ARN. */
const ARN_RESOURCES: Readonly<Record<string, string>> = {
  'AWS::DynamoDB::Table': 'table/',
  'AWS::Events::Archive': 'archive/',
  'AWS::Events::EventBus': 'event-bus/',
  'AWS::Events::Rule': 'rule/',
  'AWS::IAM::Role': 'role/',
  'AWS::Lambda::Function': 'function:',
  'AWS::Logs::LogGroup': 'log-group:',
  'AWS::Scheduler::Schedule': 'schedule/default/',
  'AWS::SecretsManager::Secret': 'secret:',
  'AWS::StepFunctions::StateMachine': 'stateMachine:',
};
const ARN_SERVICES: Readonly<Record<string, string>> = { StepFunctions: 'states', CloudWatch: 'cloudwatch' };

function sampleArn(logicalId: string, type: string, { partition, region, accountId }: SamplePlace): string {
  const [, service = ''] = type.split('::');
  const isGlobal = service === 'IAM';
  const prefix = ['arn', partition, ARN_SERVICES[service] ?? service.toLowerCase(), isGlobal ? '' : region];
  const name = `${ARN_RESOURCES[type] ?? ''}${sampleName(logicalId, {})}`;
  return [...prefix, accountId, name].join(':');
}
