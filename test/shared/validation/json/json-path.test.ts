import { describe, expect, it } from 'vitest';

import { formatJsonPath } from '../../../../shared/validation/json/json-path.ts';

describe('formatJsonPath', () => {
  it('writes names and positions', () => {
    expect(formatJsonPath(['line_items', 0, 'total'])).toBe('$.line_items[0].total');
  });

  it('writes the root as a dollar sign', () => {
    expect(formatJsonPath([])).toBe('$');
  });

  it.each(['jane@example.com', '15551234567', 'a b', '', 'é', 'x'.repeat(65)])(
    'does not repeat a name that may be data: %s',
    (name) => {
      expect(formatJsonPath(['attributes', name])).toBe('$.attributes[*]');
    },
  );
});
