// The straightforward reconciliation: read every page, then write all rows at once, each with a condition.
import { ConditionalCheckFailedException, DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { DynamoDBDocumentClient, PutCommand } from '@aws-sdk/lib-dynamodb';

const documents = DynamoDBDocumentClient.from(new DynamoDBClient({}));

async function readAll() {
  const rows = [];
  let cursor = '';
  do {
    const response = await fetch(
      `${process.env.BUTTON_API_URL}/v1/affiliation/accounts/acc/transactions?page_size=100${cursor && `&cursor=${cursor}`}`,
      { headers: { authorization: `Basic ${Buffer.from('sk-bench:').toString('base64')}` } },
    );
    const { objects, meta } = await response.json();
    rows.push(...objects);
    cursor = meta.next ? new URL(meta.next).searchParams.get('cursor') : '';
  } while (cursor);
  return rows;
}

async function store(row) {
  try {
    await documents.send(
      new PutCommand({
        TableName: process.env.PLAIN_TABLE,
        Item: { pk: row.button_order_id, ...row },
        ConditionExpression: 'attribute_not_exists(pk) OR modified_date < :modified',
        ExpressionAttributeValues: { ':modified': row.modified_date },
      }),
    );
  } catch (error) {
    if (!(error instanceof ConditionalCheckFailedException)) throw error;
  }
}

export const handler = async () => {
  const rows = await readAll();
  await Promise.all(rows.map(store));
  console.log(JSON.stringify({ event: 'reconciled', rows: rows.length }));
};
