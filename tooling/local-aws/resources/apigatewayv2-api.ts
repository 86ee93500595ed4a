import * as z from 'zod';
import { defineResource, siteDigest } from '../resource-definition.ts';
import { putRequest } from '../triggers/http-metrics.ts';
import { startHttpApi } from '../triggers/http-api.ts';

/** An HTTP API on a port of this machine. */
export const apigatewayv2Api = defineResource({
  type: 'AWS::ApiGatewayV2::Api',
  properties: { ProtocolType: z.literal('HTTP') },
  withoutLocalEffect: {
    Name: 'nothing reads it',
    Description: 'nothing reads it',
    DisableExecuteApiEndpoint: 'there is no other endpoint here',
    IpAddressType: 'it listens on 127.0.0.1 only',
    Tags: 'nothing reads them',
  },
  async create(_properties, site) {
    const { cloud } = site;
    const apiId = siteDigest(site).slice(0, 10);
    const api = await startHttpApi({ apiId, accountId: cloud.accountId, region: cloud.region }, (request) => {
      putRequest(cloud.cloudWatch.metrics, apiId, request);
    });
    cloud.httpApis.set(apiId, api);
    return {
      physicalId: apiId,
      attributes: { ApiEndpoint: api.endpoint, ApiId: apiId },
      async remove() {
        cloud.httpApis.delete(apiId);
        await api.close();
      },
    };
  },
  // Nothing that can change has an effect here: the API keeps its port.
  update: (_properties, { resource }) => resource,
});
