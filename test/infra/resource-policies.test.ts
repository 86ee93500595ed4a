import { describe, expect, it } from 'vitest';
import * as z from 'zod';

import { evaluateResourcePolicy, type Principal } from '../../tooling/local-aws/iam/resource-policy.ts';
import { ResourcePolicySchema, type ResourceStatement } from '../../tooling/local-aws/iam/policy-document.ts';
import { sampleResources, type SampledResource } from '../../tooling/local-aws/registry/sample-values.ts';
import { parseTemplate } from '../../tooling/local-aws/template/template.ts';
import { synthesizeStage } from './synthesized-stage.ts';

const PRODUCER = 'arn:aws:iam::222233334444:role/shop';
const STRANGER = 'arn:aws:iam::555566667777:role/stranger';
const ACCOUNT = '111122223333';
const OTHER = '555566667777';
const PLACE = { region: 'eu-west-1', accountId: ACCOUNT };

const stage = synthesizeStage({
  stage: 'production',
  orderReporting: { brands: [{ id: 'acme', producers: [PRODUCER] }] },
  transactions: { publisherApi: {}, rewardQueue: { deliverTo: { url: 'https://rewards.example.com' } } },
  alarms: { page: { email: 'page@example.com' }, ticket: { email: 'ticket@example.com' } },
});
const RESOURCES = [...stage.templates].flatMap(([stackName, text]) =>
  sampleResources(parseTemplate(stackName, JSON.parse(text)), { ...PLACE, stackName }),
);
const ofType = (type: string): SampledResource[] => RESOURCES.filter((resource) => resource.type === type);

/** A statement of a policy, and its resource. */
type Attached = { resource: string; statement: ResourceStatement };
/** A question to the policies, and the answer that the system needs to work and to be secure. */
type Question = {
  name: string;
  who: Principal;
  action: string;
  resource: string;
  context: Record<string, string[]>;
  answer: 'allowed' | 'denied' | 'not allowed';
};

const PolicyOf = {
  queue: z.looseObject({ PolicyDocument: ResourcePolicySchema, Queues: z.array(z.string()) }),
  topic: z.looseObject({ PolicyDocument: ResourcePolicySchema, Topics: z.array(z.string()) }),
  role: z.looseObject({ AssumeRolePolicyDocument: ResourcePolicySchema }),
  permission: z.looseObject({
    Action: z.string(),
    FunctionName: z.string(),
    Principal: z.string(),
    SourceArn: z.string(),
  }),
};

/** Every statement of every policy of a resource: queues, topics, functions and roles. */
const STATEMENTS: Attached[] = [
  ...ofType('AWS::SQS::QueuePolicy').flatMap(({ properties }) => {
    const { PolicyDocument, Queues } = PolicyOf.queue.parse(properties);
    const arns = ofType('AWS::SQS::Queue').filter(({ ref }) => Queues.includes(ref));
    return arns.flatMap(({ arn }) =>
      PolicyDocument.Statement.map((statement) => ({ resource: arn, statement })),
    );
  }),
  ...ofType('AWS::SNS::TopicPolicy').flatMap(({ properties }) => {
    const { PolicyDocument, Topics } = PolicyOf.topic.parse(properties);
    return Topics.flatMap((resource) =>
      PolicyDocument.Statement.map((statement) => ({ resource, statement })),
    );
  }),
  ...ofType('AWS::IAM::Role').flatMap(({ arn, properties }) =>
    PolicyOf.role
      .parse(properties)
      .AssumeRolePolicyDocument.Statement.map((statement) => ({ resource: arn, statement })),
  ),
  ...ofType('AWS::Lambda::Permission').map(({ properties }) => {
    const { Action, FunctionName, Principal: service, SourceArn } = PolicyOf.permission.parse(properties);
    const statement = {
      Effect: 'Allow' as const,
      Principal: { AWS: [], Service: [service] },
      Action: [Action],
      Resource: [FunctionName],
      Condition: { ArnLike: { 'aws:SourceArn': [SourceArn] } },
    };
    return { resource: FunctionName, statement };
  }),
];

const arnOf = (service: string, name: string, account = ACCOUNT) =>
  `arn:aws:${service}:eu-west-1:${account}:${name}`;
const secure = (answer: boolean) => ({ 'aws:SecureTransport': [String(answer)] });

/** Nobody reaches a queue without TLS, and only named producers send to it from outside. */
function aboutQueues(): Question[] {
  return ofType('AWS::SQS::Queue').flatMap(({ arn, logicalId }) => {
    const ask = (name: string, rest: Omit<Question, 'name' | 'resource'>) => ({
      ...rest,
      name: `${logicalId}: ${name}`,
      resource: arn,
    });
    const own = { arn: `arn:aws:iam::${ACCOUNT}:role/own` };
    const send = { action: 'sqs:SendMessage', context: secure(true) };
    const isOrders = logicalId === 'OrdersAcme';
    return [
      ask('without TLS', {
        who: own,
        action: 'sqs:ReceiveMessage',
        context: secure(false),
        answer: 'denied',
      }),
      ask('with TLS', {
        who: own,
        action: 'sqs:ReceiveMessage',
        context: secure(true),
        answer: 'not allowed',
      }),
      ask('a producer', { who: { arn: PRODUCER }, ...send, answer: isOrders ? 'allowed' : 'not allowed' }),
      ask('a stranger', { who: { arn: STRANGER }, ...send, answer: 'not allowed' }),
      ask('a producer that receives', {
        who: { arn: PRODUCER },
        ...send,
        action: 'sqs:ReceiveMessage',
        answer: 'not allowed',
      }),
    ];
  });
}

/** Alarms and rules of this account reach the topics; those of other accounts do not. */
function aboutTopics(): Question[] {
  const publishers = [
    {
      service: 'cloudwatch.amazonaws.com',
      source: (account: string) => arnOf('cloudwatch', 'alarm:a', account),
    },
    { service: 'events.amazonaws.com', source: (account: string) => arnOf('events', 'rule/r', account) },
  ];
  return ofType('AWS::SNS::Topic').flatMap(({ ref, logicalId }) => {
    const about = { action: 'sns:Publish', resource: ref };
    return [
      {
        ...about,
        name: `${logicalId}: without TLS`,
        who: { arn: `arn:aws:iam::${ACCOUNT}:role/own` },
        context: secure(false),
        answer: 'denied' as const,
      },
      ...publishers.flatMap(({ service, source }) =>
        [ACCOUNT, OTHER].map((account) => ({
          ...about,
          name: `${logicalId}: ${service} of ${account}`,
          who: { service },
          context: { ...secure(true), 'aws:SourceArn': [source(account)], 'aws:SourceAccount': [account] },
          answer: account === ACCOUNT ? ('allowed' as const) : ('not allowed' as const),
        })),
      ),
    ];
  });
}

const RouteSchema = z.object({ ApiId: z.string(), RouteKey: z.string(), Target: z.string() });

/** Every route of an API invokes its function; another route or another API does not. */
function aboutFunctions(): Question[] {
  return ofType('AWS::ApiGatewayV2::Route').flatMap(({ properties }) => {
    const { ApiId: api, RouteKey: key, Target: target } = RouteSchema.parse(properties);
    const integration = ofType('AWS::ApiGatewayV2::Integration').find(({ ref }) =>
      target.endsWith(`/${ref}`),
    );
    const path = key.replace(' ', '');
    return [
      { source: `${api}/$default/${path}`, answer: 'allowed' as const },
      { source: `${api}/$default/POST/other`, answer: 'not allowed' as const },
      { source: `another/$default/${path}`, answer: 'not allowed' as const },
    ].map(({ source, answer }) => ({
      name: `${key} by ${source}`,
      who: { service: 'apigateway.amazonaws.com' },
      action: 'lambda:InvokeFunction',
      resource: String(integration?.properties['IntegrationUri']),
      context: { 'aws:SourceArn': [arnOf('execute-api', source)] },
      answer,
    }));
  });
}

const RuleSchema = z.object({
  Targets: z.array(z.object({ Arn: z.string(), DeadLetterConfig: z.object({ Arn: z.string() }).optional() })),
});

/** Every rule may send to its queues, including its dead-letter queue; another rule may not. */
function aboutRules(): Question[] {
  return ofType('AWS::Events::Rule').flatMap(({ arn, logicalId, properties }) =>
    RuleSchema.parse(properties)
      .Targets.flatMap(({ Arn: target, DeadLetterConfig: deadLetters }) => [
        target,
        deadLetters?.Arn ?? target,
      ])
      .filter((target) => target.startsWith('arn:aws:sqs:'))
      .flatMap((resource) =>
        [
          { source: arn, answer: 'allowed' as const },
          { source: arnOf('events', 'rule/another'), answer: 'not allowed' as const },
        ].map(({ source, answer }) => ({
          name: `${logicalId} to ${resource} by ${source}`,
          who: { service: 'events.amazonaws.com' },
          action: 'sqs:SendMessage',
          resource,
          context: { ...secure(true), 'aws:SourceArn': [source] },
          answer,
        })),
      ),
  );
}

const SOURCES: Record<string, string> = {
  scheduler: 'schedule-group/default',
  states: 'stateMachine:reminder',
  events: 'rule/daily',
};

/** The service that a role is for assumes it, for this account only. */
function aboutRoles(): Question[] {
  return ofType('AWS::IAM::Role').flatMap(({ arn, logicalId, properties }) => {
    const [{ Principal } = { Principal: { Service: [] } }] =
      PolicyOf.role.parse(properties).AssumeRolePolicyDocument.Statement;
    const [service = ''] = Principal.Service;
    const name = service.split('.')[0] ?? '';
    const source = SOURCES[name];
    const ask = ({
      account = ACCOUNT,
      of = ACCOUNT,
      resource = source,
    }: {
      account?: string;
      of?: string;
      resource?: string | undefined;
    }) => ({
      name: `${logicalId} for ${service} of ${account}, ${resource} of ${of}`,
      who: { service },
      action: 'sts:AssumeRole',
      resource: arn,
      context:
        resource === undefined
          ? {}
          : { 'aws:SourceAccount': [account], 'aws:SourceArn': [arnOf(name, resource, of)] },
    });
    const refused = { answer: 'not allowed' as const };
    return [
      { ...ask({}), answer: 'allowed' as const },
      { ...ask({}), who: { service: 'ec2.amazonaws.com' }, ...refused },
      // Each key must hold independently of the other.
      ...(source === undefined ? [] : [{ ...ask({ account: OTHER, of: ACCOUNT }), ...refused }]),
      ...(name === 'scheduler' ? [{ ...ask({ resource: 'schedule-group/other' }), ...refused }] : []),
    ];
  });
}

const QUESTIONS = [...aboutQueues(), ...aboutTopics(), ...aboutRules(), ...aboutFunctions(), ...aboutRoles()];

function wrongAnswers(statements: readonly Attached[]): string[] {
  return QUESTIONS.filter(({ who, resource, answer, ...request }) => {
    const policy = statements.filter((attached) => attached.resource === resource);
    const verdict = evaluateResourcePolicy(
      policy.map(({ statement }) => statement),
      who,
      { ...request, resource },
    );
    const given = verdict.allowed ? 'allowed' : verdict.by ? 'denied' : 'not allowed';
    return given !== answer;
  }).map(({ name }) => name);
}

/** The statement without one key of one of its conditions. */
function withoutConditions({ resource, statement }: Attached): Attached[] {
  return Object.entries(statement.Condition).flatMap(([operator, keys]) =>
    Object.keys(keys).map((key) => {
      const others = Object.entries(keys).filter(([name]) => name !== key);
      const Condition = { ...statement.Condition, [operator]: Object.fromEntries(others) };
      return { resource, statement: { ...statement, Condition } };
    }),
  );
}

describe('AWS, requirement 2: the policies of queues, topics, functions and roles', () => {
  it('grant access to what the system needs, and to nobody else', () => {
    expect(QUESTIONS.length).toBeGreaterThan(50);
    expect(wrongAnswers(STATEMENTS)).toEqual([]);
  });

  it('have no redundant statement: without any one of them, an answer changes', () => {
    const spare = STATEMENTS.filter(
      (one) => wrongAnswers(STATEMENTS.filter((it) => it !== one)).length === 0,
    );

    expect(STATEMENTS.length).toBeGreaterThan(20);
    expect(spare).toEqual([]);
  });

  it('have no redundant condition: without any one key of them, an answer changes', () => {
    const weaker = STATEMENTS.flatMap((one) => withoutConditions(one).map((changed) => ({ one, changed })));

    const spare = weaker.filter(
      ({ one, changed }) => wrongAnswers(STATEMENTS.map((it) => (it === one ? changed : it))).length === 0,
    );

    expect(weaker.length).toBeGreaterThan(15);
    expect(spare).toEqual([]);
  });

  it('cover every queue and topic', () => {
    const covered = new Set(STATEMENTS.map(({ resource }) => resource));

    const open = [
      ...ofType('AWS::SQS::Queue').map(({ arn }) => arn),
      ...ofType('AWS::SNS::Topic').map(({ ref }) => ref),
    ];

    expect(open.filter((resource) => !covered.has(resource))).toEqual([]);
  });
});
