import * as z from 'zod';
import { findHttpApi } from '../cloud.ts';
import { defineResource } from '../resource-definition.ts';
import type { ResourceSite } from '../resource-definition.ts';
import { createAccessLog } from '../triggers/access-log.ts';
import type { AnsweredRequest } from '../triggers/access-log.ts';

const SettingsSchema = z.strictObject({
  ThrottlingBurstLimit: z.number(),
  ThrottlingRateLimit: z.number(),
  DetailedMetricsEnabled: z.unknown().optional(), // no local effect: there is no CloudWatch here
});

/** The default stage: makes the API answer, within its throttle. */
export const apigatewayv2Stage = defineResource({
  type: 'AWS::ApiGatewayV2::Stage',
  properties: {
    ApiId: z.string(),
    StageName: z.literal('$default'),
    AutoDeploy: z.literal(true),
    DefaultRouteSettings: SettingsSchema.optional(),
    RouteSettings: z.record(z.string(), SettingsSchema).optional(),
    AccessLogSettings: z.strictObject({ DestinationArn: z.string(), Format: z.string() }).optional(),
  },
  withoutLocalEffect: {
    Description: 'nothing reads it',
    Tags: 'nothing reads them',
  },
  create(properties, site) {
    const { cloud } = site;
    const { DefaultRouteSettings: whole, RouteSettings: byRoute = {} } = properties;
    const api = findHttpApi(cloud, properties.ApiId);
    api.deployStage(
      {
        whole: whole && limitsOf(whole),
        byRoute: new Map(
          Object.entries(byRoute).map(([routeKey, settings]) => [routeKey, limitsOf(settings)]),
        ),
      },
      properties.AccessLogSettings && accessLog(properties.AccessLogSettings, site),
    );
    return {
      physicalId: properties.StageName,
      attributes: {},
      remove: () => {
        api.removeStage();
      },
    };
  },
});

/** Writes a line for each request to the log group that the ARN names, with or without `:*` at its end. */
function accessLog(
  { DestinationArn: arn, Format: format }: { DestinationArn: string; Format: string },
  { logicalId, cloud }: ResourceSite,
): (request: AnsweredRequest) => void {
  const [logGroupName] = /:log-group:([^:]+)/u.exec(arn)?.slice(1) ?? [];
  if (logGroupName === undefined) throw new Error(`${arn} is no log group.`);
  const lineOf = createAccessLog(format);
  const log = cloud.openAccessLog({ logicalId, logGroupName });
  return (request) => {
    log.write(lineOf(request));
  };
}

function limitsOf(settings: z.infer<typeof SettingsSchema>) {
  return { burst: settings.ThrottlingBurstLimit, ratePerSecond: settings.ThrottlingRateLimit };
}
