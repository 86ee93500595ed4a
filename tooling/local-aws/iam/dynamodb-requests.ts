import * as z from 'zod';
import type { AccessRequest } from './evaluate.ts';

/** The partition keys of a table and of its indexes: what `dynamodb:LeadingKeys` names the values of. */
export type TableKeys = { arn: string; partitionKey: string; indexKeys: Readonly<Record<string, string>> };

const Item = z.record(z.string(), z.record(z.string(), z.unknown()));
const Target = z.object({ TableName: z.string() });
const Keyed = Target.extend({ Key: Item });
const Put = Target.extend({ Item });
const Query = Target.extend({
  IndexName: z.string().optional(),
  KeyConditionExpression: z.string(),
  ExpressionAttributeNames: z.record(z.string(), z.string()).default({}),
  ExpressionAttributeValues: Item,
});
const Scan = Target.extend({ IndexName: z.string().optional() });
const BatchGet = z.object({ RequestItems: z.record(z.string(), z.object({ Keys: z.array(Item) })) });
const TransactWrite = z.object({
  TransactItems: z.array(
    z.object({
      Put: Put.optional(),
      Update: Keyed.optional(),
      Delete: Keyed.optional(),
      ConditionCheck: Keyed.optional(),
    }),
  ),
});

type Tables = ReadonlyMap<string, TableKeys>;
type Item = z.infer<typeof Item>;

/**
 * What IAM asks about a request to DynamoDB. Throws for an operation that nobody with a role
 * calls here.
 *
 * Sources: https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazondynamodb.html,
 * https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/specifying-conditions.html
 */
export function dynamoDbRequests(operation: string, input: unknown, tables: Tables): AccessRequest[] {
  const about = (action: string, tableName: string, items: readonly Item[]): AccessRequest => {
    const { arn, partitionKey } = tableOf(tableName, tables);
    return { action: `dynamodb:${action}`, resource: arn, context: leadingKeys(items, partitionKey) };
  };
  switch (operation) {
    case 'GetItem':
    case 'UpdateItem':
    case 'DeleteItem': {
      const { TableName, Key } = Keyed.parse(input);
      return [about(operation, TableName, [Key])];
    }
    case 'PutItem': {
      const { TableName, Item: item } = Put.parse(input);
      return [about(operation, TableName, [item])];
    }
    case 'BatchGetItem':
      return Object.entries(BatchGet.parse(input).RequestItems).map(([table, { Keys }]) =>
        about(operation, table, Keys),
      );
    case 'TransactWriteItems':
      return TransactWrite.parse(input).TransactItems.flatMap((item) => [
        ...(item.Put ? [about('PutItem', item.Put.TableName, [item.Put.Item])] : []),
        ...(item.Update ? [about('UpdateItem', item.Update.TableName, [item.Update.Key])] : []),
        ...(item.Delete ? [about('DeleteItem', item.Delete.TableName, [item.Delete.Key])] : []),
        ...(item.ConditionCheck
          ? [about('ConditionCheckItem', item.ConditionCheck.TableName, [item.ConditionCheck.Key])]
          : []),
      ]);
    case 'DescribeTable': {
      const { TableName } = Target.parse(input);
      return [{ action: 'dynamodb:DescribeTable', resource: tableOf(TableName, tables).arn }];
    }
    case 'Query':
      return [queryRequest(Query.parse(input), tables)];
    case 'Scan': {
      const { TableName, IndexName } = Scan.parse(input);
      return [{ action: 'dynamodb:Scan', resource: resourceOf(tableOf(TableName, tables), IndexName) }];
    }
    default:
      throw new Error(`What a role needs for ${operation} of DynamoDB is not known here.`);
  }
}

function tableOf(tableName: string, tables: Tables): TableKeys {
  const table = tables.get(tableName);
  if (!table) throw new Error(`There is no table ${tableName}.`);
  return table;
}

function resourceOf({ arn }: TableKeys, indexName: string | undefined): string {
  return indexName === undefined ? arn : `${arn}/index/${indexName}`;
}

function queryRequest(query: z.infer<typeof Query>, tables: Tables): AccessRequest {
  const table = tableOf(query.TableName, tables);
  const { IndexName: index, ExpressionAttributeNames: names, ExpressionAttributeValues: values } = query;
  const keyName = index === undefined ? table.partitionKey : table.indexKeys[index];
  const equalities = query.KeyConditionExpression.matchAll(/([#\w.-]+)\s*=\s*(:\w+)/gu);
  const asked = [...equalities].flatMap(([, name = '', value = '']) =>
    (names[name] ?? name) === keyName ? textOf(values[value]) : [],
  );
  return {
    action: 'dynamodb:Query',
    resource: resourceOf(table, index),
    context: { [LEADING_KEYS]: asked },
  };
}

const LEADING_KEYS = 'dynamodb:LeadingKeys';

function leadingKeys(items: readonly Item[], partitionKey: string): Record<string, string[]> {
  return { [LEADING_KEYS]: items.flatMap((item) => textOf(item[partitionKey])) };
}

/** The one value of an attribute such as `{"S": "acme#breaker"}`. */
function textOf(attribute: Item[string] | undefined): string[] {
  return Object.values(attribute ?? {}).map(String);
}
