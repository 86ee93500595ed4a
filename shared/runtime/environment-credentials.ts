import { fromEnv } from '@aws-sdk/credential-provider-env';

/**
 * Replaces the SDK's chain of credential providers in every bundle (infra/function-bundles.ts), under the
 * same name. A function finds its credentials in its environment; the providers that the chain would try
 * after that (profiles, SSO, STS, instance metadata) would be loaded at every cold start for nothing.
 *
 * Source: https://docs.aws.amazon.com/lambda/latest/dg/configuration-envvars.html ("Defined runtime
 * environment variables")
 */
export const defaultProvider = fromEnv;
