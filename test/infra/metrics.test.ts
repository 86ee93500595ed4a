import { describe, expect, it } from 'vitest';

import { BRAND_METRICS, METRICS_NAMESPACE, OVERALL_METRICS } from '../../infra/metrics.ts';
import * as emitted from '../../shared/domain/metrics.ts';

describe('the metrics of boards and alarms', () => {
  it('are in the namespace that the code emits to', () => {
    expect(METRICS_NAMESPACE).toBe(emitted.METRICS_NAMESPACE);
  });

  it.each(Object.keys(BRAND_METRICS))('are emitted for each brand: %s', (name) => {
    expect(emitted.METRICS).toHaveProperty([name, 'dimensions'], ['Brand']);
  });

  it.each(Object.keys(OVERALL_METRICS))('are emitted without dimensions: %s', (name) => {
    expect(emitted.METRICS).toHaveProperty([name, 'dimensions'], []);
  });
});
