import { readAlarm, type AlarmDefinition } from '../../tooling/local-aws/cloudwatch/alarm-definition.ts';
import { DEVELOPMENT_STAGE, synthesizeStage } from '../infra/synthesized-stage.ts';

/** The templates of both flows, with a queue for the publisher's own consumer. */
export const STAGE = synthesizeStage({
  ...DEVELOPMENT_STAGE,
  transactions: { ...DEVELOPMENT_STAGE.transactions, rewardQueue: {} },
});

/** The metric namespace in the functions' environment. */
export const NAMESPACE = namespaceOf(STAGE.resources('AWS::Lambda::Function'));

/** An alarm as its template defines it, by its logical id without the hash. */
export type SynthesizedAlarm = {
  name: string;
  /** Its name in CloudWatch. */
  alarmName: string;
  definition: AlarmDefinition;
  /** The severities whose topics are notified of a change to this state. */
  actionsOf: (state: string) => string[];
};

/** Every alarm of both flows. Queues and functions are named by their logical ids. */
export const ALARMS: readonly SynthesizedAlarm[] = STAGE.resources('AWS::CloudWatch::Alarm').map(
  ({ logicalId, Properties: properties }) => ({
    name: withoutHash(logicalId),
    alarmName: String(resolve(properties['AlarmName'])),
    definition: readAlarm(resolve(properties) as Record<string, unknown>),
    actionsOf: (state) => {
      const arns = properties[state === 'OK' ? 'OKActions' : 'AlarmActions'] as unknown[];
      return arns.map((arn) => severityOf(resolve(arn)));
    },
  }),
);

/** The severity for which a topic is. */
export function severityOf(topicArn: unknown): string {
  return /:Button-development-(\w+)$/.exec(String(topicArn))?.[1] ?? 'nobody';
}

/** Replaces every reference of the template by a physical name: the logical id. */
export function resolve(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(resolve);
  if (typeof value !== 'object' || value === null) return value;
  const { Ref: ref, 'Fn::GetAtt': attribute, 'Fn::Join': join, ...rest } = value as Record<string, unknown>;
  if (typeof ref === 'string') return ref;
  if (Array.isArray(attribute)) return attribute[0];
  if (Array.isArray(join)) return (resolve(join[1]) as unknown[]).join(String(join[0]));
  return Object.fromEntries(Object.entries(rest).map(([name, inner]) => [name, resolve(inner)]));
}

/** The only resource of the type whose logical id starts with `prefix`. */
export function logicalId(type: string, prefix: string): string {
  const found = STAGE.resources(type).filter((resource) => resource.logicalId.startsWith(prefix));
  const [only, ...others] = found;
  if (!only || others.length > 0) throw new Error(`${found.length} of ${type} begin with ${prefix}`);
  return only.logicalId;
}

function namespaceOf(functions: ReturnType<typeof STAGE.resources>): string {
  const namespaces = functions.map(
    ({ Properties }) =>
      (Properties['Environment'] as { Variables: Record<string, string> }).Variables['METRICS_NAMESPACE'],
  );
  const [only, ...others] = new Set(namespaces);
  if (only === undefined || others.length > 0) throw new Error('The functions have no namespace in common');
  return only;
}

function withoutHash(id: string): string {
  return id.replace(/[0-9A-F]{8}$/, '');
}
