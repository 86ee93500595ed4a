import { defineResource, physicalName } from '../resource-definition.ts';

/** What a role may do. Every role may do everything here: rights are proved by tests of the templates, not by this. */
export const iamPolicy = defineResource({
  type: 'AWS::IAM::Policy',
  properties: {},
  withoutLocalEffect: {
    PolicyDocument: 'there is no IAM here',
    PolicyName: 'there is no IAM here',
    Roles: 'there is no IAM here',
    Users: 'there is no IAM here',
    Groups: 'there is no IAM here',
  },
  create: (_properties, site) => ({ physicalId: physicalName(site, { maxLength: 128 }), attributes: {} }),
});
