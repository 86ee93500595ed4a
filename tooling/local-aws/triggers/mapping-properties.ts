import * as z from 'zod';

/**
 * https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-lambda-eventsourcemapping.html
 */
export const MappingSchema = z.object({
  FunctionName: z.string(),
  EventSourceArn: z.string(),
  Enabled: z.boolean().default(true),
  BatchSize: z.int().min(1).max(10_000).optional(),
  MaximumBatchingWindowInSeconds: z.int().min(0).max(300).default(0),
  FunctionResponseTypes: z.array(z.literal('ReportBatchItemFailures')).default([]),
  // Queues only.
  ScalingConfig: z.strictObject({ MaximumConcurrency: z.int().min(2).max(1000) }).optional(),
  // Streams only.
  StartingPosition: z.enum(['TRIM_HORIZON', 'LATEST']).optional(),
  BisectBatchOnFunctionError: z.boolean().optional(),
  MaximumRetryAttempts: z.int().min(-1).max(10_000).optional(),
  MaximumRecordAgeInSeconds: z.union([z.literal(-1), z.int().min(60).max(604_800)]).optional(),
  ParallelizationFactor: z.literal(1).optional(),
  DestinationConfig: z.strictObject({ OnFailure: z.strictObject({ Destination: z.string() }) }).optional(),
});

/** The properties of a mapping, as the template has them. */
export type MappingProperties = z.infer<typeof MappingSchema>;

const STREAM_PROPERTIES = [
  'StartingPosition',
  'BisectBatchOnFunctionError',
  'MaximumRetryAttempts',
  'MaximumRecordAgeInSeconds',
  'ParallelizationFactor',
  'DestinationConfig',
] as const;

/** Throws when a queue's mapping has properties that AWS knows for streams only. */
export function refuseStreamProperties(properties: MappingProperties): void {
  const present = STREAM_PROPERTIES.filter((name) => properties[name] !== undefined);
  if (present.length > 0) throw new Error(`property ${present.join(', ')} does not apply to a queue.`);
}
