import { describe, expect, it } from 'vitest';

import { parseApiKey } from '../../../shared/button/api-key.ts';
import { parseWebhookSecrets } from '../../../shared/button/webhook-secrets.ts';

describe('parseApiKey', () => {
  it('takes the whole secret, without the white space that an editor leaves around it', () => {
    expect(parseApiKey(' sk-live-1\n')).toBe('sk-live-1');
  });

  it.each(['', ' \n', 'sk-live 1', 'sk:live', 'sk-live-é', 'x'.repeat(513)])(
    'takes nothing that can not stand before the colon of HTTP Basic: %j',
    (text) => {
      expect(parseApiKey(text)).toBeUndefined();
    },
  );
});

describe('parseWebhookSecrets', () => {
  it('reads every secret with its name', () => {
    const secrets = ['old', 'new'].map((name) => ({ name, secret: `whsec-${name}` }));

    expect(parseWebhookSecrets(JSON.stringify(secrets))).toEqual(secrets);
  });

  it.each(['', 'whsec-1', '{}', '[]', '[{"name":"main","secret":""}]', '[{"name":"","secret":"x"}]'])(
    'takes nothing that everybody could sign with, or nobody: %j (C1)',
    (text) => {
      expect(parseWebhookSecrets(text)).toBeUndefined();
    },
  );
});
