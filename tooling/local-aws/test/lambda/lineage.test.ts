// @module-tag long
import { describe, expect, it, vi } from 'vitest';

import { nextLink } from '../../lambda/lineage.ts';
import { deployFixture, functionOf } from '../fixture-assembly.ts';

// https://docs.aws.amazon.com/lambda/latest/dg/invocation-recursion.html
describe('a chain of invocations', () => {
  it('is stopped at the seventeenth invocation of one function, whatever others are in it', () => {
    let trace: string[] = [];
    const loops = Array.from({ length: 17 }, () => {
      const link = nextLink('reconciler', trace);
      trace = [nextLink('other', [link.traceId]).traceId];
      return link.isLoop;
    });

    expect(loops).toEqual([...Array<boolean>(16).fill(false), true]);
  });

  it('keeps its root, and starts again without a header, or with a tracing header only', () => {
    const first = nextLink('reconciler', ['Root=1-6a-b;Parent=c;Sampled=1']).traceId;
    const root = /Root=[^;]+/.exec(first)?.[0];

    expect(root).toBe('Root=1-6a-b');
    expect(nextLink('reconciler', [first]).traceId).toContain('Root=1-6a-b');
    expect(nextLink('reconciler', []).traceId).toMatch(
      /^Root=1-[0-9a-f]+-[0-9a-f]{24};.*Lineage=[0-9a-f]{8}:1$/,
    );
  });

  it('counts as the longest of the chains that a batch comes from', () => {
    const once = nextLink('reconciler', []).traceId;
    const twice = nextLink('reconciler', [once]).traceId;

    expect(nextLink('reconciler', [once, twice]).traceId).toMatch(/:3$/);
  });
});

/** Sends its message to its own queue again, with the header that the SDK would send. */
const LOOP = `exports.handler = async ({ Records: [{ body }] }) => {
  process.stdout.write('seen ' + body + '\\n');
  if (Number(body) >= 40) return;
  await fetch(process.env.AWS_ENDPOINT_URL_SQS, {
    method: 'POST',
    headers: {
      'content-type': 'application/x-amz-json-1.0', 'x-amz-target': 'AmazonSQS.SendMessage',
      'x-amzn-trace-id': process.env._X_AMZN_TRACE_ID, 'x-amz-date': '20260101T000000Z',
      authorization: 'AWS4-HMAC-SHA256 Credential=local/20260101/us-east-1/sqs/aws4_request, SignedHeaders=host, Signature=local',
    },
    body: JSON.stringify({ QueueUrl: process.env.QUEUE_URL, MessageBody: String(Number(body) + 1) }),
  });
};`;

function loop(properties: Record<string, unknown>) {
  return {
    resources: {
      DeadLetters: { Type: 'AWS::SQS::Queue', Properties: {} },
      Queue: {
        Type: 'AWS::SQS::Queue',
        Properties: {
          VisibilityTimeout: 3,
          RedrivePolicy: {
            deadLetterTargetArn: { 'Fn::GetAtt': ['DeadLetters', 'Arn'] },
            maxReceiveCount: 1,
          },
        },
      },
      Loop: functionOf('loop', {
        ...properties,
        Environment: { Variables: { QUEUE_URL: { Ref: 'Queue' } } },
      }),
      Mapping: {
        Type: 'AWS::Lambda::EventSourceMapping',
        Properties: {
          FunctionName: { Ref: 'Loop' },
          EventSourceArn: { 'Fn::GetAtt': ['Queue', 'Arn'] },
          BatchSize: 1,
        },
      },
    },
    outputs: { QueueUrl: { Value: { Ref: 'Queue' } }, DeadLettersUrl: { Value: { Ref: 'DeadLetters' } } },
    code: { loop: LOOP },
  };
}

describe('a function that sends to its own queue', () => {
  it('is stopped after sixteen invocations, and its message becomes a dead letter', async () => {
    const deployment = await deployFixture(loop({}));

    await deployment.sqs('SendMessage', { QueueUrl: deployment.output('QueueUrl'), MessageBody: '1' });

    await vi.waitFor(async () => {
      const dead = await deployment.sqs('ReceiveMessage', { QueueUrl: deployment.output('DeadLettersUrl') });
      expect(dead).toMatchObject({ Messages: [{ Body: '17' }] });
    }, 60_000);
    expect(deployment.seen()).toHaveLength(16);
    const measured = deployment.cloudWatch.metrics.metrics().map(({ name }) => name);
    expect(measured).toContain('RecursiveInvocationsDropped');
  });

  it('goes on without limit if its template allows that', async () => {
    const deployment = await deployFixture(loop({ RecursiveLoop: 'Allow' }));

    await deployment.sqs('SendMessage', { QueueUrl: deployment.output('QueueUrl'), MessageBody: '1' });

    await vi.waitFor(() => {
      expect(deployment.seen()).toHaveLength(40);
    }, 60_000);
  });
});
