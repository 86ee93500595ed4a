import { DynamoDBServiceException } from '@aws-sdk/client-dynamodb';
import { describe, expect, it } from 'vitest';

import { denialInWords, isAccessDenied } from '../../ops/access-denied.ts';

const OUTPUTS = ['OrderReadersPolicyArn', 'OrderOperatorsPolicyArn', 'OrderQueueUrlAcme'];
const QUARANTINE = 'arn:aws:dynamodb:eu-west-1:111122223333:table/Button-production-OrderQuarantine';
// https://docs.aws.amazon.com/IAM/latest/UserGuide/troubleshoot_access-denied.html
const MESSAGE = `User: arn:aws:iam::111122223333:user/jo is not authorized to perform: dynamodb:PutItem on resource: ${QUARANTINE} because no identity-based policy allows the dynamodb:PutItem action`;

function refusal(name: string, message = MESSAGE): DynamoDBServiceException {
  return new DynamoDBServiceException({ name, message, $fault: 'client', $metadata: {} });
}

describe('a command that AWS refuses', () => {
  it.each(['AccessDenied', 'AccessDeniedException', 'AuthorizationErrorException'])(
    'is known by %s',
    (name) => {
      expect(isAccessDenied(refusal(name))).toBe(true);
      expect(isAccessDenied(refusal('ThrottlingException'))).toBe(false);
    },
  );

  it('says which right is missing, and which policy has it', () => {
    const words = (isChange: boolean) =>
      denialInWords(refusal('AccessDenied'), { outputNames: OUTPUTS, isChange });

    expect(words(true)).toBe(
      `Your credentials do not allow this: they lack dynamodb:PutItem on ${QUARANTINE}. What it needs is in the policy of the output OrderOperatorsPolicyArn.`,
    );
    expect(words(false)).toContain('the policy of the output OrderReadersPolicyArn.');
  });

  it('says less of a service that names no right, or a stage without the policies', () => {
    expect(denialInWords(refusal('AccessDenied', 'No.'), { outputNames: [], isChange: true })).toBe(
      'Your credentials do not allow this.',
    );
  });
});
