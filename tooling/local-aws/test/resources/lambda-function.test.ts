import { describe, expect, it } from 'vitest';
import { deployFixture, functionOf } from '../fixture-assembly.ts';

const code = { worker: `exports.handler = async () => process.env;` };

// https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-lambda-function.html
describe('AWS::Lambda::Function', () => {
  it('runs with the template’s settings and the endpoints of this machine', async () => {
    const deployment = await deployFixture({
      code,
      resources: {
        Worker: functionOf('worker', {
          MemorySize: 512,
          Architectures: ['arm64'],
          Environment: { Variables: { A: '1' } },
        }),
      },
    });

    const result = await deployment.invoke('Worker', {});

    expect(result).toMatchObject({
      status: 'succeeded',
      payload: {
        A: '1',
        AWS_LAMBDA_FUNCTION_MEMORY_SIZE: '512',
        // The endpoint of the meter in front of DynamoDB, which has its own tests.
        AWS_ENDPOINT_URL_DYNAMODB: expect.stringMatching(/^http:\/\/127\.0\.0\.1:\d+$/) as string,
        AWS_ENDPOINT_URL_SQS: deployment.endpoints.sqs,
        AWS_ENDPOINT_URL_SECRETS_MANAGER: deployment.endpoints.secretsManager,
        AWS_ENDPOINT_URL_EVENTBRIDGE: deployment.endpoints.eventBridge,
      },
    });
  });

  // https://docs.aws.amazon.com/lambda/latest/dg/configuration-envvars.html and gettingstarted-limits.html
  it.each([
    ['a reserved variable', { Environment: { Variables: { AWS_REGION: 'here' } } }, 'AWS_REGION'],
    ['more than 4 KB of variables', { Environment: { Variables: { LONG: 'x'.repeat(4096) } } }, '4096 bytes'],
    ['another runtime', { Runtime: 'nodejs22.x' }, 'property Runtime'],
    ['a timeout over 15 minutes', { Timeout: 901 }, 'property Timeout'],
    ['code that the assembly does not have', { Code: { S3Bucket: 'b', S3Key: 'gone.zip' } }, 'gone.zip'],
    ['layers', { Layers: ['arn'] }, 'property Layers is not supported'],
    [
      'an unknown logging property',
      { LoggingConfig: { Colour: 'red' } },
      'LoggingConfig.Colour is not supported',
    ],
  ])('is refused with %s', async (_case, properties, message) => {
    const deploying = deployFixture({ code, resources: { Worker: functionOf('worker', properties) } });

    await expect(deploying).rejects.toThrow(message);
  });
});
