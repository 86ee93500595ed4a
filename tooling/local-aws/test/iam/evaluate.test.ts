import { describe, expect, it } from 'vitest';

import { evaluate, isLike, type AccessRequest } from '../../iam/evaluate.ts';
import { StatementSchema } from '../../iam/policy-document.ts';

const TABLE = 'arn:aws:dynamodb:eu-west-1:000000000000:table/Orders';

function isAllowed(statements: readonly object[], request: AccessRequest): boolean {
  return evaluate(
    statements.map((statement) => StatementSchema.parse({ Effect: 'Allow', ...statement })),
    request,
  ).allowed;
}

// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic.html
describe('what a role may do', () => {
  const read = { action: 'dynamodb:GetItem', resource: TABLE };

  it('is nothing unless a statement allows it', () => {
    expect(isAllowed([], read)).toBe(false);
    expect(isAllowed([{ Action: 'dynamodb:PutItem', Resource: TABLE }], read)).toBe(false);
    expect(isAllowed([{ Action: 'dynamodb:GetItem', Resource: `${TABLE}/index/due` }], read)).toBe(false);
    expect(isAllowed([{ Action: 'dynamodb:GetItem', Resource: TABLE }], read)).toBe(true);
  });

  it('is what any of several statements allows, by patterns too', () => {
    const statements = [
      { Action: ['sqs:SendMessage', 'dynamodb:get*'], Resource: ['arn:aws:sqs:*', `${TABLE.slice(0, -1)}?`] },
    ];

    expect(isAllowed(statements, read)).toBe(true);
    expect(isAllowed(statements, { ...read, action: 'dynamodb:Query' })).toBe(false);
  });

  it('is never what a statement denies', () => {
    const statements = [
      { Action: '*', Resource: '*' },
      { Effect: 'Deny', Action: 'dynamodb:*', Resource: TABLE },
    ];

    expect(isAllowed(statements, read)).toBe(false);
    expect(isAllowed(statements, { ...read, resource: `${TABLE}2` })).toBe(true);
  });
});

// https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/specifying-conditions.html
describe('a right that is narrowed to leading keys', () => {
  const narrowed = {
    Action: 'dynamodb:*',
    Resource: TABLE,
    Condition: { 'ForAllValues:StringLike': { 'dynamodb:LeadingKeys': ['acme#*'] } },
  };
  const named = {
    ...narrowed,
    Condition: { ...narrowed.Condition, Null: { 'dynamodb:LeadingKeys': 'false' } },
  };
  const request = (keys?: readonly string[]) => ({
    action: 'dynamodb:Query',
    resource: TABLE,
    ...(keys && { context: { 'dynamodb:LeadingKeys': keys } }),
  });

  it('applies if every key is of that kind', () => {
    expect(isAllowed([named], request(['acme#order#1', 'acme#breaker']))).toBe(true);
    expect(isAllowed([named], request(['acme#order#1', 'other#breaker']))).toBe(false);
  });

  it('applies without any key unless a `Null` condition requires one', () => {
    expect(isAllowed([narrowed], request())).toBe(true);
    expect(isAllowed([named], request())).toBe(false);
  });
});

describe('a condition', () => {
  it.each([
    ['StringEquals', { 'aws:SourceAccount': '1' }, { 'aws:sourceaccount': ['1'] }, true],
    ['StringEquals', { 'aws:SourceAccount': '1' }, {}, false],
    ['StringLike', { 'aws:SourceArn': 'arn:*:a' }, { 'aws:SourceArn': ['arn:b:a'] }, true],
    // https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html:
    // each of the six parts of an ARN is compared by itself.
    ...(['ArnLike', 'ArnEquals'] as const).flatMap(
      (operator) =>
        [
          [
            operator,
            { 'aws:SourceArn': 'arn:aws:sns:*:1:a*' },
            { 'aws:SourceArn': ['arn:aws:sns:x:1:ab:c'] },
            true,
          ],
          [
            operator,
            { 'aws:SourceArn': 'arn:aws:sns:*:1:b*' },
            { 'aws:SourceArn': ['arn:aws:sns:x:1:ab:c'] },
            false,
          ],
          [
            operator,
            { 'aws:SourceArn': 'arn:aws:sns:*:a' },
            { 'aws:SourceArn': ['arn:aws:sns:x:1:a'] },
            false,
          ],
          [operator, { 'aws:SourceArn': 'arn:*' }, { 'aws:SourceArn': ['arn:aws:sns:x:1:a'] }, false],
          [
            operator,
            { 'aws:SourceArn': 'arn:aws:sns:*:*:*' },
            { 'aws:SourceArn': ['arn:aws-cn:sns:x:1:a'] },
            false,
          ],
        ] as const,
    ),
    ['Bool', { 'aws:SecureTransport': 'False' }, { 'aws:SecureTransport': ['false'] }, true],
    ['Bool', { 'aws:SecureTransport': false }, { 'aws:SecureTransport': ['false'] }, true],
    ['Null', { 'aws:SourceArn': 'true' }, {}, true],
    ['Null', { 'dynamodb:LeadingKeys': 'false' }, { 'dynamodb:LeadingKeys': [] }, false],
    ['Null', { 'dynamodb:LeadingKeys': 'false' }, { 'dynamodb:LeadingKeys': ['a'] }, true],
  ] as const)('%s %j of a request with %j is %s', (operator, wanted, context, expected) => {
    const statement = { Action: 'a:B', Resource: '*', Condition: { [operator]: wanted } };

    expect(isAllowed([statement], { action: 'a:B', resource: 'r', context })).toBe(expected);
  });

  it('that is not understood is an error, not ignored', () => {
    const statement = { Effect: 'Allow', Action: 'a:B', Resource: '*' };

    expect(() => StatementSchema.parse({ ...statement, Condition: { IpAddress: {} } })).toThrow('IpAddress');
    expect(() => StatementSchema.parse({ ...statement, NotAction: 'a:C' })).toThrow('NotAction');
    expect(() =>
      StatementSchema.parse({ ...statement, Resource: 'arn:aws:sqs:*:*:${aws:username}' }),
    ).toThrow('policy variables');
    expect(() =>
      StatementSchema.parse({ ...statement, Condition: { StringEquals: { a: '${aws:userid}' } } }),
    ).toThrow('policy variables');
  });
});

it('treats the other characters of a pattern literally', () => {
  expect(isLike('arn:aws:x', 'arn.aws.x')).toBe(false);
  expect(isLike('a+b|c', 'a+b|?')).toBe(true);
  expect(isLike('line\nbreak', 'line*')).toBe(true);
});
