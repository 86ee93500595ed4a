import * as z from 'zod';

import { OrderReportingConfigSchema } from '../../infra/order-reporting-config.ts';
import { DEFAULT_ORDER_SETTINGS, type OrderEventSettings } from '@button-serverless/validation/orders';
import { readConfigFile } from '../config-file.ts';
import { UsageError } from '../usage-error.ts';

const ConfigSchema = z.object({ orderReporting: OrderReportingConfigSchema });

/**
 * What a brand of a configuration file accepts: the only brand, unless one is named. Without a configuration,
 * the default settings.
 *
 * Throws a `UsageError` if there is no such file, configuration or brand.
 */
export async function configuredSettings(
  file: string | undefined,
  brandId: string | undefined,
): Promise<OrderEventSettings> {
  if (file === undefined) {
    if (brandId !== undefined)
      throw new UsageError("--brand: needs --config, which has the brand's settings");
    return DEFAULT_ORDER_SETTINGS;
  }
  const config = ConfigSchema.safeParse(await readConfigFile(file, '--config'));
  if (!config.success) throw new UsageError(`--config: ${z.prettifyError(config.error)}`);
  const { brands } = config.data.orderReporting;
  const ids = brands.map(({ id }) => id).join(', ');
  const brand = brandId === undefined ? only(brands) : brands.find(({ id }) => id === brandId);
  if (!brand) throw new UsageError(`--brand: must be one of ${ids}`);
  const { orderBy, testTokens, allowFinalizationDate } = brand;
  return { orderBy, testTokens, allowFinalizationDate };
}

function only<Item>(items: readonly Item[]): Item | undefined {
  return items.length === 1 ? items[0] : undefined;
}
