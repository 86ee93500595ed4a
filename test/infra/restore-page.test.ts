import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { expect, it } from 'vitest';

import { readStageConfig } from '../../infra/config.ts';
import { DEVELOPMENT_STAGE, synthesizeStage } from './synthesized-stage.ts';

const page = readFileSync('docs/restore.md', 'utf8');

type Table = {
  KeySchema: { AttributeName: string }[];
  GlobalSecondaryIndexes?: { IndexName: string }[];
  TimeToLiveSpecification?: { AttributeName: string };
  StreamSpecification?: { StreamViewType: string };
};

it('docs/restore.md lists the properties of each table that the stacks create', () => {
  const rows = synthesizeStage(DEVELOPMENT_STAGE)
    .resources('AWS::DynamoDB::Table')
    .map(({ logicalId, Properties }) => {
      const table = Properties as Table;
      const [partitionKey, sortKey] = table.KeySchema.map(({ AttributeName }) => AttributeName);
      const indexes = (table.GlobalSecondaryIndexes ?? []).map(({ IndexName }) => IndexName);
      expect(indexes.length).toBeLessThan(2);
      return [
        `${logicalId.charAt(0).toLowerCase()}${logicalId.slice(1)}`,
        partitionKey,
        sortKey,
        indexes[0],
        table.TimeToLiveSpecification?.AttributeName,
        table.StreamSpecification?.StreamViewType,
      ].map((cell) => cell ?? '');
    });

  const listed = page
    .split('\n')
    .filter((line) => line.startsWith('| `'))
    .map((line) => line.split('|').slice(1, -1))
    .filter(([name = '']) => !name.includes('existingTables'))
    .map((cells) => cells.map((cell) => cell.trim().replaceAll('`', '')));

  expect(listed.sort()).toEqual(rows.sort());
});

it('docs/restore.md shows a configuration that can be deployed', () => {
  const [, example = ''] = /```json\n([\s\S]+?)```/.exec(page) ?? [];
  const file = join(mkdtempSync(join(tmpdir(), 'button-serverless-')), 'config.json');
  writeFileSync(file, example);

  expect(readStageConfig(file)).toMatchObject({
    config: { existingTables: { orderLedger: 'Button-production-OrderLedger-2026-06-01' } },
  });
});
