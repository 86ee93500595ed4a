import { randomUUID } from 'node:crypto';
import * as z from 'zod';
import { createAccessControl } from '../iam/access-control.ts';
import type { AccessControl } from '../iam/access-control.ts';
import { AwsServiceError } from './aws-json-client.ts';
import { serveAwsJson } from './aws-json-server.ts';
import { eventRulesApi } from './event-rules-api.ts';
import { createEventRules, type EventRules, type RuleDelivery } from './event-rules.ts';

/** An event as a bus took it in. */
export type BusEvent = {
  busName: string;
  id: string;
  /** ISO 8601 UTC. */
  time: string;
  source: string;
  detailType: string;
  detail: Record<string, unknown>;
};

type Bus = { arn: string; name: string };

/** EventBridge: buses that keep their events for reading, and rules that send them to queues. */
export type EventBridge = {
  endpoint: string;
  createBus(bus: Bus): void;
  /** What was put on it can still be read. */
  removeBus(arn: string): void;
  /** Where events are sent. */
  rules: EventRules;
  /** Everything put on a bus that exists, oldest first. */
  events(): BusEvent[];
  close(): Promise<void>;
};

const EntrySchema = z.object({
  Source: z.string().optional(),
  DetailType: z.string().optional(),
  Detail: z.string().optional(),
  EventBusName: z.string().optional(),
  Time: z.number().optional(),
  Resources: z.array(z.string()).optional(),
  TraceHeader: z.string().optional(),
});
type Entry = z.infer<typeof EntrySchema>;

const PutEventsSchema = z.object({ Entries: z.array(EntrySchema).min(1).max(10) });

/** Source: PutEvents in the AWS SDK's reference, "the total entry size must be less than 1MB". */
const TOTAL_LIMIT_BYTES = 1024 * 1024;

const DetailSchema = z.record(z.string(), z.unknown());

/** Who may put events (without it, everybody), and what takes them to the targets of rules. */
export type EventBridgeOptions = {
  access?: AccessControl;
  deliver?: (event: BusEvent, delivery: RuleDelivery) => void;
};

/** Starts the server with the `default` bus that every account has. */
export async function startEventBridge(
  defaultBusArn: string,
  { access = createAccessControl(), deliver = () => undefined }: EventBridgeOptions = {},
): Promise<EventBridge> {
  const buses = [{ arn: defaultBusArn, name: 'default' }];
  const events: BusEvent[] = [];
  const rules = createEventRules();
  const takeIn = (event: BusEvent): void => {
    events.push(event);
    const fields = { source: event.source, 'detail-type': event.detailType, detail: event.detail };
    for (const delivery of rules.targetsOf(event.busName, fields)) deliver(event, delivery);
  };

  const server = await serveAwsJson('AWSEvents', {
    operations: {
      PutEvents: (input) => {
        const results = entriesOf(input).map((entry) => putEvent(entry, { buses, takeIn }));
        const failed = results.filter((result) => 'ErrorCode' in result);
        return { FailedEntryCount: failed.length, Entries: results };
      },
      ...eventRulesApi(rules, (wanted) => busOf(wanted, buses)),
    },
    authorize: (authorization, operation, input) => {
      // No function of a template makes rules: the caller has the administrator's key, or is refused.
      if (operation !== 'PutEvents') {
        access.checkSigned(authorization, () => [{ action: `events:${operation}`, resource: '*' }]);
        return;
      }
      access.checkSigned(authorization, () =>
        entriesOf(input).map(({ EventBusName: wanted = 'default' }) => {
          const arn = busOf(wanted, buses)?.arn ?? wanted;
          return { action: `events:${operation}`, resource: arn };
        }),
      );
    },
  });
  return {
    endpoint: server.url,
    rules,
    createBus: (bus) => {
      buses.push(bus);
    },
    removeBus: (arn) => {
      const index = buses.findIndex((bus) => bus.arn === arn);
      if (index !== -1) buses.splice(index, 1);
    },
    events: () => [...events],
    close: () => server.close(),
  };
}

function entriesOf(input: unknown): Entry[] {
  const parsed = PutEventsSchema.safeParse(input);
  if (!parsed.success) throw new AwsServiceError('ValidationException', z.prettifyError(parsed.error));
  const { Entries: entries } = parsed.data;
  if (entries.reduce((total, entry) => total + entrySizeBytes(entry), 0) >= TOTAL_LIMIT_BYTES) {
    throw new AwsServiceError(
      'ValidationException',
      'Total size of the entries in the request is over the limit.',
    );
  }
  return entries;
}

/**
 * https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-putevents.html, "Calculating PutEvents event
 * entry size"
 */
function entrySizeBytes(entry: Entry): number {
  const texts = [entry.Source, entry.DetailType, entry.Detail, ...(entry.Resources ?? [])];
  return texts.reduce(
    (total, text) => total + Buffer.byteLength(text ?? ''),
    entry.Time === undefined ? 0 : 14,
  );
}

function busOf(wanted: string, buses: Bus[]): Bus | undefined {
  return buses.find(({ arn, name }) => wanted === name || wanted === arn);
}

/** One bad entry fails alone; an entry for a bus that does not exist is accepted and dropped, as AWS does. */
function putEvent(entry: Entry, to: { buses: Bus[]; takeIn: (event: BusEvent) => void }) {
  if (!entry.Source) return invalid('Source');
  if (!entry.DetailType) return invalid('DetailType');
  if (!entry.Detail) return invalid('Detail');
  const detail = parseDetail(entry.Detail);
  if (detail === undefined) return { ErrorCode: 'MalformedDetail', ErrorMessage: 'Detail is malformed.' };

  const id = randomUUID();
  const bus = busOf(entry.EventBusName ?? 'default', to.buses);
  if (bus !== undefined) {
    to.takeIn({
      busName: bus.name,
      id,
      time: new Date(entry.Time === undefined ? Date.now() : entry.Time * 1000).toISOString(),
      source: entry.Source,
      detailType: entry.DetailType,
      detail,
    });
  }
  return { EventId: id };
}

function invalid(parameter: string) {
  return {
    ErrorCode: 'InvalidArgument',
    ErrorMessage: `Parameter ${parameter} is not valid. Reason: ${parameter} is a required argument.`,
  };
}

function parseDetail(text: string): Record<string, unknown> | undefined {
  try {
    return DetailSchema.safeParse(JSON.parse(text)).data;
  } catch {
    return undefined;
  }
}
