import { describe, expect, it } from 'vitest';
import { createAccessControl } from '../../iam/access-control.ts';
import { ResourcePolicySchema } from '../../iam/policy-document.ts';

const QUEUE = 'arn:aws:sqs:us-east-1:000000000000:orders';
const ROLE = 'arn:aws:iam::000000000000:role/reporter';
const PRODUCER = 'arn:aws:iam::111122223333:role/shop';
const RECEIVE = { action: 'sqs:ReceiveMessage', resource: QUEUE };
const SEND = { action: 'sqs:SendMessage', resource: QUEUE };
const INSECURE = { 'aws:SecureTransport': ['false'] };

const statementsOf = (...statements: object[]) =>
  ResourcePolicySchema.parse({ Version: '2012-10-17', Statement: statements }).Statement;
const TLS_ONLY = {
  Effect: 'Deny',
  Principal: { AWS: '*' },
  Action: 'sqs:*',
  Resource: QUEUE,
  Condition: { Bool: { 'aws:SecureTransport': 'false' } },
};
const allow = (Principal: unknown) => ({
  Effect: 'Allow',
  Principal,
  Action: 'sqs:SendMessage',
  Resource: QUEUE,
});

function accountWith(...policy: object[]) {
  const access = createAccessControl();
  access.addRole({
    arn: ROLE,
    trust: [],
    statements: [{ Effect: 'Allow', Action: ['sqs:ReceiveMessage'], Resource: [QUEUE], Condition: {} }],
  });
  const detach = access.addResourcePolicy(QUEUE, statementsOf(...policy));
  return { access, detach };
}

// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic_policy-eval-basics.html
describe('tags', () => {
  it('are context keys of requests for the resource, as they are now', () => {
    const access = createAccessControl();
    access.addRole({
      arn: ROLE,
      trust: [],
      statements: [
        {
          Effect: 'Allow',
          Action: ['sqs:*'],
          Resource: ['*'],
          Condition: { StringEquals: { 'aws:ResourceTag/holds': ['orders'] } },
        },
      ],
    });

    expect(access.allows(ROLE, RECEIVE)).toBe(false);
    access.tag(QUEUE, new Map([['holds', 'orders']]));
    expect(access.allows(ROLE, RECEIVE)).toBe(true);
    expect(access.allows(ROLE, { ...RECEIVE, resource: `${QUEUE}-2` })).toBe(false);
    access.tag(QUEUE, new Map([['holds', 'dead-letters']]));
    expect(access.allows(ROLE, RECEIVE)).toBe(false);
  });
});

describe('a managed policy', () => {
  it('can be given to a role as long as it exists', () => {
    const access = createAccessControl();
    const statements = [{ Effect: 'Allow' as const, Action: ['sqs:*'], Resource: ['*'], Condition: {} }];

    access.addManagedPolicy('arn:policy', statements);
    expect(access.managedPolicy('arn:policy')).toEqual(statements);
    access.removeManagedPolicy('arn:policy');
    expect(() => access.managedPolicy('arn:policy')).toThrow('There is no managed policy arn:policy.');
  });
});

describe('the policy of a resource', () => {
  it('denies what the role’s own policies allow', () => {
    const { access, detach } = accountWith(TLS_ONLY);

    expect(access.allows(ROLE, RECEIVE)).toBe(true);
    expect(() => {
      access.check(ROLE, [{ ...RECEIVE, context: INSECURE }]);
    }).toThrow('with an explicit deny in a resource-based policy');
    detach();
    expect(access.allows(ROLE, { ...RECEIVE, context: INSECURE })).toBe(true);
  });

  it('denies the administrator too', () => {
    const { access } = accountWith(TLS_ONLY);
    const ask = (context: Record<string, string[]>) => {
      access.checkSigned('Credential=local/', () => [{ ...SEND, context }], 'administrator');
    };

    ask({});
    expect(() => {
      ask(INSECURE);
    }).toThrow('explicit deny');
  });

  it.each([
    ['its ARN', { AWS: PRODUCER }],
    ['its account’s root', { AWS: 'arn:aws:iam::111122223333:root' }],
    ['its account', { AWS: ['111122223333'] }],
    ['everybody', '*'],
  ])('allows a role of another account what it names, by %s', (_case, principal) => {
    const { access } = accountWith(allow(principal));

    expect(access.allows(PRODUCER, SEND)).toBe(true);
    expect(access.allows(PRODUCER, RECEIVE)).toBe(false);
  });

  it('does not allow a role of another account that it does not name', () => {
    const { access } = accountWith(allow({ AWS: 'arn:aws:iam::111122223333:role/other' }));

    expect(access.allows(PRODUCER, SEND)).toBe(false);
    expect(access.denied()).toMatchObject([{ role: PRODUCER, action: 'sqs:SendMessage' }]);
  });

  it('allows a role of the account what its own policies do not mention', () => {
    const { access } = accountWith(allow({ AWS: ROLE }));

    expect(access.allows(ROLE, SEND)).toBe(true);
  });

  it('allows a service only by name, and only from its source', () => {
    const { access } = accountWith({
      ...allow({ Service: 'events.amazonaws.com' }),
      Condition: { ArnLike: { 'aws:SourceArn': 'arn:aws:events:*:000000000000:rule/*' } },
    });
    const ask = (service: string, source: string) =>
      access.allowsService({ service, ...SEND, context: { 'aws:SourceArn': [source] } });

    expect(ask('events.amazonaws.com', 'arn:aws:events:us-east-1:000000000000:rule/daily')).toBe(true);
    expect(ask('events.amazonaws.com', 'arn:aws:events:us-east-1:111122223333:rule/daily')).toBe(false);
    expect(ask('sns.amazonaws.com', 'arn:aws:events:us-east-1:000000000000:rule/daily')).toBe(false);
  });
});

describe('a role', () => {
  const trusting = (Condition: object) => {
    const access = createAccessControl();
    const trust = {
      Effect: 'Allow',
      Principal: { Service: 'scheduler.amazonaws.com' },
      Action: 'sts:AssumeRole',
    };
    access.addRole({ arn: ROLE, trust: statementsOf({ ...trust, Condition }), statements: [] });
    return (service: string, account: string) => {
      access.assume(ROLE, service, { 'aws:SourceAccount': [account] });
    };
  };

  it('can be assumed by the service that it trusts, under the conditions of the trust', () => {
    const assume = trusting({ StringEquals: { 'aws:SourceAccount': '000000000000' } });

    assume('scheduler.amazonaws.com', '000000000000');
    expect(() => {
      assume('scheduler.amazonaws.com', '111122223333');
    }).toThrow('cannot be assumed by scheduler.amazonaws.com');
    expect(() => {
      assume('lambda.amazonaws.com', '000000000000');
    }).toThrow('cannot be assumed by lambda.amazonaws.com');
  });

  it('loses and regains rights as its attached policies change', () => {
    const access = createAccessControl();
    access.addRole({ arn: ROLE, trust: [], statements: [] });
    const detach = access.attach(ROLE, [
      { Effect: 'Allow', Action: ['sqs:SendMessage'], Resource: [QUEUE], Condition: {} },
    ]);

    expect(access.allows(ROLE, SEND)).toBe(true);
    detach();
    expect(access.allows(ROLE, SEND)).toBe(false);
  });
});
