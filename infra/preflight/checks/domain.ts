import { DescribeCertificateCommand } from '@aws-sdk/client-acm';
import { GetDomainNameCommand } from '@aws-sdk/client-apigatewayv2';
import { GetHostedZoneCommand, ListResourceRecordSetsCommand } from '@aws-sdk/client-route-53';

import type { WebhookDomainConfig } from '../../transactions-config.ts';
import { ok, problem, unlessMissing, type Check, type Finding, type PreflightContext } from '../check.ts';
import { owns } from '../deployed-stacks.ts';

/**
 * Whether the certificate and hosted zone of the webhook URL exist and match its host, and API Gateway does
 * not use the host yet.
 */
export const domain: Check = {
  name: 'domain of the webhook URL',
  explains:
    'The certificate must be issued, be valid and cover the host. The hosted zone must be public, contain the host, and have no record of it yet. API Gateway gives a domain to one stack in a region; that another account uses it only shows during the deployment.',
  async run(context) {
    const settings = context.config.transactions?.webhookDomain;
    if (!settings) return [ok('the configuration names none')];
    return [
      ...(await certificate(settings, context)),
      ...(await gatewayDomain(settings, context)),
      ...(await hostedZone(settings, context)),
    ];
  },
};

/** Source: https://docs.aws.amazon.com/acm/latest/APIReference/API_CertificateDetail.html */
async function certificate(
  { name, certificateArn }: WebhookDomainConfig,
  { clients, now }: PreflightContext,
): Promise<Finding[]> {
  const answer = await unlessMissing(
    clients.acm.send(new DescribeCertificateCommand({ CertificateArn: certificateArn })),
    ['ResourceNotFoundException'],
  );
  const found = answer?.Certificate;
  if (!found)
    return [problem(`there is no certificate ${certificateArn}`, 'Request or import one in this region.')];
  const faults: Finding[] = [];
  if (found.Status !== 'ISSUED')
    faults.push(
      problem(
        `the certificate ${certificateArn} is ${found.Status ?? '?'}`,
        'Complete its validation in ACM, or name one that is ISSUED.',
      ),
    );
  if (found.NotAfter !== undefined && found.NotAfter <= now())
    faults.push(
      problem(`the certificate ${certificateArn} has expired`, 'Renew or import it, or name another one.'),
    );
  const covered = [found.DomainName ?? '', ...(found.SubjectAlternativeNames ?? [])];
  if (!covered.some((pattern) => covers(pattern, name)))
    faults.push(
      problem(
        `the certificate ${certificateArn} is for ${[...new Set(covered)].join(', ')}, not for ${name}`,
        `Name one for ${name}.`,
      ),
    );
  return faults.length > 0 ? faults : [ok(`the certificate is issued for ${name}`)];
}

/**
 * A `*` stands for exactly one label. Source:
 * https://docs.aws.amazon.com/acm/latest/userguide/acm-certificate-characteristics.html
 */
function covers(pattern: string, host: string): boolean {
  const [, ...parent] = host.split('.');
  return pattern === host || pattern === `*.${parent.join('.')}`;
}

/** Source: https://docs.aws.amazon.com/apigatewayv2/latest/api-reference/domainnames-domainname.html */
async function gatewayDomain(
  { name }: WebhookDomainConfig,
  { clients, stacks }: PreflightContext,
): Promise<Finding[]> {
  if (owns(await stacks(), name)) return [ok(`${name} belongs to the stacks`)];
  const found = await unlessMissing(clients.apiGateway.send(new GetDomainNameCommand({ DomainName: name })), [
    'NotFoundException',
  ]);
  return found
    ? [
        problem(
          `API Gateway already has the domain ${name}, outside the stacks`,
          `Choose another host, or delete it: aws apigatewayv2 delete-domain-name --domain-name ${name}`,
        ),
      ]
    : [ok(`API Gateway does not have the domain ${name} yet`)];
}

async function hostedZone(
  { name, hostedZoneId }: WebhookDomainConfig,
  { clients, stacks }: PreflightContext,
): Promise<Finding[]> {
  if (hostedZoneId === undefined) return [ok('the stacks do not create the record of the host')];
  const answer = await unlessMissing(clients.route53.send(new GetHostedZoneCommand({ Id: hostedZoneId })), [
    'NoSuchHostedZone',
  ]);
  const zone = answer?.HostedZone;
  if (!zone) return [problem(`there is no hosted zone ${hostedZoneId}`, 'aws route53 list-hosted-zones')];
  const suffix = `.${zone.Name ?? ''}`;
  if (!`.${name}.`.endsWith(suffix))
    return [
      problem(
        `the hosted zone ${hostedZoneId} is of ${zone.Name ?? '?'}, not of ${name}`,
        `Name the hosted zone of ${name}.`,
      ),
    ];
  if (zone.Config?.PrivateZone === true)
    return [
      problem(
        `the hosted zone ${hostedZoneId} is private: Button cannot resolve ${name}`,
        'Name the public one.',
      ),
    ];
  const { ResourceRecordSets: records = [] } = await clients.route53.send(
    new ListResourceRecordSetsCommand({ HostedZoneId: hostedZoneId, StartRecordName: name }),
  );
  const clash = records.find(
    ({ Name: of, Type: type }) => of === `${name}.` && ['A', 'AAAA', 'CNAME'].includes(type ?? ''),
  );
  if (clash && !owns(await stacks(), name) && !owns(await stacks(), `${name}.`))
    return [
      problem(
        `${name} already has a record (${clash.Type ?? '?'}), and CloudFormation creates no second one`,
        'Delete it, or leave hostedZoneId out and point the record at the WebhookDomainTarget output.',
      ),
    ];
  return [ok(`the hosted zone ${zone.Name ?? ''} can take the record of ${name}`)];
}
