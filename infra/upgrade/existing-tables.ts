import type { Template, Templates } from './templates.ts';

/** The suffix of the outputs that name a stage's tables; before it is the logical id of the table. */
const TABLE_OUTPUT = /^(\w+)TableName$/;

/**
 * The table that `existingTables` names instead of the one with this logical id; undefined if the stack
 * creates its own.
 */
export function existingTable(template: Template | undefined, logicalId: string): string | undefined {
  const value = template?.Outputs[`${logicalId}TableName`]?.Value;
  return typeof value === 'string' ? value : undefined;
}

/** One sentence for each existing table in use that a new, empty one would replace. */
export function abandonedTables(stack: string, before: Template, after: Template | undefined): string[] {
  return tablesOf(before).flatMap((logicalId) => {
    const inUse = existingTable(before, logicalId);
    if (inUse === undefined || existingTable(after, logicalId) !== undefined) return [];
    return [
      `${stack}: the existing table ${inUse} would not be used any more, and the stack would create a new, empty ${logicalId}.`,
    ];
  });
}

/**
 * What it means for the current table if `existingTables` is set or names another table: one sentence each.
 */
export function tableChanges(before: Templates, after: Templates): string[] {
  return [...before].flatMap(([stack, template]) =>
    tablesOf(template).flatMap((logicalId) => {
      const next = existingTable(after.get(stack), logicalId);
      const inUse = existingTable(template, logicalId);
      if (next === undefined || next === inUse) return [];
      if (inUse !== undefined)
        return [
          `${stack}: the stage would use the existing table ${next} as ${logicalId} instead of ${inUse}, which stays unchanged. Nothing is copied.`,
        ];
      const made = template.Resources[logicalId];
      if (made === undefined) return [];
      const kept = made['DeletionPolicy'] === 'Retain' || made['DeletionPolicy'] === 'RetainExceptOnCreate';
      return [`${stack}: ${kept ? leavesTheStack(logicalId, next) : isDeleted(logicalId, next)}`];
    }),
  );
}

function leavesTheStack(logicalId: string, next: string): string {
  return `the table ${logicalId} would leave the stack and stay in the account with all its items, stream and protection. The stage would use the existing table ${next}: the same table, if that is its name. Otherwise nothing is copied, and what is only in the old table is missing.`;
}

function isDeleted(logicalId: string, next: string): string {
  return `the table ${logicalId} would be DELETED with all its items, because it was deployed without keepData, and the stage would use the existing table ${next}. To keep it, deploy with keepData first, and with existingTables after that.`;
}

function tablesOf({ Outputs }: Template): string[] {
  return Object.keys(Outputs).flatMap((name) => TABLE_OUTPUT.exec(name)?.[1] ?? []);
}
