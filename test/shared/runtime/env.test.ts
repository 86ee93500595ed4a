import { describe, expect, it } from 'vitest';
import * as z from 'zod';

import {
  flag,
  instant,
  nonNegativeInteger,
  parseEnvironment,
  positiveInteger,
} from '../../../shared/runtime/env.ts';

const schema = z.object({
  COUNT: positiveInteger,
  WAIT: nonNegativeInteger,
  ON: flag,
  SINCE: instant.exactOptional(),
});

describe('parseEnvironment', () => {
  it('reads numbers, flags and instants, the latter in UTC', () => {
    const read = parseEnvironment(schema, {
      COUNT: '10',
      WAIT: '0',
      ON: 'true',
      SINCE: '2026-06-01T14:00:00+02:00',
    });

    expect(read).toEqual({ COUNT: 10, WAIT: 0, ON: true, SINCE: '2026-06-01T12:00:00.000Z' });
  });

  it('names every variable that is wrong, and no value', () => {
    const wrong = { COUNT: '-1', WAIT: 'secret', ON: 'yes', SINCE: '2026-06-01' };

    expect(() => parseEnvironment(schema, wrong)).toThrow(/COUNT.*WAIT.*ON.*SINCE/);
    expect(() => parseEnvironment(schema, wrong)).not.toThrow(/secret/);
  });
});
