type Index = { IndexName: string; [property: string]: unknown };
type Indexes = {
  GlobalSecondaryIndexes?: Index[] | undefined;
  LocalSecondaryIndexes?: unknown;
};
/** One index that is made or deleted, in the words of UpdateTable. */
export type IndexUpdate = { Create: Index } | { Delete: { IndexName: string } };

/**
 * The one index that an update of a table may make or delete; undefined if they stay. Throws for what
 * DynamoDB refuses.
 *
 * Source: https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-dynamodb-table.html
 */
export function indexUpdate(before: Indexes, after: Indexes): IndexUpdate | undefined {
  if (JSON.stringify(before.LocalSecondaryIndexes) !== JSON.stringify(after.LocalSecondaryIndexes))
    throw new Error('Local secondary indexes cannot be changed after the table was made.');
  const { GlobalSecondaryIndexes: old = [] } = before;
  const { GlobalSecondaryIndexes: next = [] } = after;
  const changed = next.find((index) => {
    const same = old.find(({ IndexName: name }) => name === index.IndexName);
    return same !== undefined && JSON.stringify(same) !== JSON.stringify(index);
  });
  if (changed !== undefined)
    throw new Error(`The index ${changed.IndexName} cannot be changed: give the new one another name.`);

  const created = next.filter(({ IndexName: name }) => !old.some((index) => index.IndexName === name));
  const deleted = old.filter(({ IndexName: name }) => !next.some((index) => index.IndexName === name));
  const updates: IndexUpdate[] = [
    ...created.map((index) => ({ Create: index })),
    ...deleted.map(({ IndexName }) => ({ Delete: { IndexName } })),
  ];
  if (updates.length > 1)
    throw new Error('Cannot perform more than one GSI creation or deletion in a single update.');
  return updates[0];
}
