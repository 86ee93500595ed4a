import * as z from 'zod';
import { findHttpApi } from '../cloud.ts';
import { defineResource } from '../resource-definition.ts';

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
  },
  withoutLocalEffect: {
    AccessLogSettings: 'no access log is written',
    Description: 'nothing reads it',
    Tags: 'nothing reads them',
  },
  create(properties, { cloud }) {
    const { DefaultRouteSettings: whole, RouteSettings: byRoute = {} } = properties;
    findHttpApi(cloud, properties.ApiId).deployStage({
      whole: whole && limitsOf(whole),
      byRoute: new Map(Object.entries(byRoute).map(([routeKey, settings]) => [routeKey, limitsOf(settings)])),
    });
    return { physicalId: properties.StageName, attributes: {} };
  },
});

function limitsOf(settings: z.infer<typeof SettingsSchema>) {
  return { burst: settings.ThrottlingBurstLimit, ratePerSecond: settings.ThrottlingRateLimit };
}
