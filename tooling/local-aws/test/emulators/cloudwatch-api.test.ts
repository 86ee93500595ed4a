import { CloudWatchClient, DescribeAlarmsCommand } from '@aws-sdk/client-cloudwatch';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { createMetricStore } from '../../cloudwatch/metric-store.ts';
import { serveCloudWatch } from '../../emulators/cloudwatch-api.ts';
import { createAccessControl } from '../../iam/access-control.ts';
import type { LoopbackServer } from '../../loopback-server.ts';

const STATES = ['OK', 'ALARM', 'INSUFFICIENT_DATA'] as const;
const ALARMS = Array.from({ length: 7 }, (_, index) => ({
  name: `Shop/${index === 6 ? 'b' : 'a'}/${index}`,
  arn: `arn:aws:cloudwatch:us-east-1:000000000000:alarm:${index}`,
  description: `What ${index} means`,
  state: STATES[index % 3] ?? 'OK',
}));

let server: LoopbackServer;
let client: CloudWatchClient;

beforeAll(async () => {
  const cloudWatch = { metrics: createMetricStore(), describeAlarms: () => ALARMS };
  server = await serveCloudWatch(cloudWatch, createAccessControl());
  const credentials = { accessKeyId: 'local', secretAccessKey: 'local' };
  client = new CloudWatchClient({ region: 'us-east-1', endpoint: server.url, credentials });
});

afterAll(async () => {
  client.destroy();
  await server.close();
});

it('describes the alarms whose names begin with a prefix, page by page, as the SDK reads them', async () => {
  const found = [];
  let nextToken: string | undefined;
  do {
    const page = await client.send(
      new DescribeAlarmsCommand({ AlarmNamePrefix: 'Shop/a/', MaxRecords: 4, NextToken: nextToken }),
    );
    expect(page.MetricAlarms?.length).toBeLessThanOrEqual(4);
    found.push(...(page.MetricAlarms ?? []));
    nextToken = page.NextToken;
  } while (nextToken !== undefined);

  expect(
    found.map(({ AlarmName: name, AlarmArn: arn, AlarmDescription: description, StateValue: state }) => ({
      name,
      arn,
      description,
      state,
    })),
  ).toEqual(ALARMS.slice(0, 6));
});

it('refuses what CloudWatch refuses', async () => {
  await expect(client.send(new DescribeAlarmsCommand({ MaxRecords: 101 }))).rejects.toThrow(/MaxRecords/);
});
