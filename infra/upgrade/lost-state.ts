import { fullDiff, ResourceImpact, type ResourceDifference } from '@aws-cdk/cloudformation-diff';
import * as z from 'zod';

import { abandonedTables, existingTable } from './existing-tables.ts';
import type { Templates } from './templates.ts';

/**
 * Types whose resources hold what cannot be created again: data, messages, secrets, and addresses that others
 * use.
 */
const STATEFUL_TYPES: ReadonlySet<string> = new Set([
  'AWS::DynamoDB::Table',
  'AWS::SQS::Queue',
  'AWS::SecretsManager::Secret',
  'AWS::Events::EventBus',
  'AWS::Events::Archive',
  'AWS::ApiGatewayV2::Api',
  'AWS::ApiGatewayV2::Stage',
  'AWS::ApiGatewayV2::DomainName',
]);

/** The same templates, reduced to what holds state. */
export function stateOf(templates: Templates): Record<string, unknown> {
  return Object.fromEntries(
    [...templates].map(([stack, { Resources }]) => [
      stack,
      {
        Resources: Object.fromEntries(
          Object.entries(Resources).filter(([, { Type }]) => STATEFUL_TYPES.has(Type)),
        ),
      },
    ]),
  );
}

/**
 * What an update of deployed stacks would lose: one sentence for each resource with state that CloudFormation
 * would replace, delete or let go of. AWS's resource specification says what makes CloudFormation replace a
 * resource.
 */
export function lostState(before: Templates, after: Templates): string[] {
  return [...before].flatMap(([stack, template]) => {
    const next = after.get(stack);
    const lost: string[] = [];
    fullDiff(template, next ?? {}).resources.forEachDifference((logicalId, change) => {
      const type = change.oldResourceType ?? '';
      if (!STATEFUL_TYPES.has(type) || givesWayUnharmed(change, existingTable(next, logicalId))) return;
      const loss = lossOf(change);
      if (loss !== undefined) lost.push(`${stack}: ${logicalId} (${type}) would be ${loss}.`);
    });
    return [...lost, ...abandonedTables(stack, template, next)];
  });
}

/** A table that stays with its items while the stage uses the existing table that `existingTables` names. */
function givesWayUnharmed({ changeImpact }: ResourceDifference, existing: string | undefined): boolean {
  return existing !== undefined && changeImpact === ResourceImpact.WILL_ORPHAN;
}

function lossOf(change: ResourceDifference): string | undefined {
  switch (change.changeImpact) {
    case ResourceImpact.WILL_DESTROY:
      return 'deleted';
    case ResourceImpact.WILL_ORPHAN:
      return 'left behind, and a new one created under another logical id';
    case ResourceImpact.WILL_REPLACE:
    case ResourceImpact.MAY_REPLACE:
      return `replaced by an empty one (${replacing(change)})`;
    default:
      return lossInPlace(change);
  }
}

function replacing({ propertyUpdates, resourceTypeChanged }: ResourceDifference): string {
  if (resourceTypeChanged) return 'type';
  const properties = Object.entries(propertyUpdates).filter(
    ([, { changeImpact }]) =>
      changeImpact === ResourceImpact.WILL_REPLACE || changeImpact === ResourceImpact.MAY_REPLACE,
  );
  return properties.map(([name]) => name).join(', ');
}

/**
 * Changes that lose state although CloudFormation creates no new resource, or about which the specification
 * is silent.
 */
function lossInPlace({ propertyUpdates }: ResourceDifference): string | undefined {
  const { StreamSpecification, AttributeDefinitions } = propertyUpdates;
  // The stream that ends contains the records that nobody has read yet.
  if (StreamSpecification?.oldValue !== undefined) return 'given another stream (StreamSpecification)';
  // https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-dynamodb-table.html
  if (AttributeDefinitions && isEdited(AttributeDefinitions))
    return 'replaced by an empty one (AttributeDefinitions)';
  return undefined;
}

const DefinitionsSchema = z
  .array(z.object({ AttributeName: z.string(), AttributeType: z.string() }))
  .default([]);

function isEdited({ oldValue, newValue }: { oldValue: unknown; newValue: unknown }): boolean {
  const now = new Map(
    DefinitionsSchema.parse(newValue).map(({ AttributeName, AttributeType }) => [
      AttributeName,
      AttributeType,
    ]),
  );
  return DefinitionsSchema.parse(oldValue).some(
    ({ AttributeName, AttributeType }) => (now.get(AttributeName) ?? AttributeType) !== AttributeType,
  );
}
