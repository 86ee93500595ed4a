import { describe, expect, it } from 'vitest';

import { parseApiKey } from '../../../shared/button/api-key.ts';
import {
  parseWebhookSecrets,
  webhookSecretProblems,
  withLastValidSecrets,
} from '../../../shared/button/webhook-secrets.ts';

describe('parseApiKey', () => {
  it('accepts the whole secret, without the white space that an editor leaves around it', () => {
    expect(parseApiKey(' sk-live-1\n')).toBe('sk-live-1');
  });

  it.each(['', ' \n', 'sk-live 1', 'sk:live', 'sk-live-é', 'x'.repeat(513)])(
    'refuses a key that HTTP Basic does not allow before the colon: %j',
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

  it('reads each secret without the white space around it', () => {
    expect(parseWebhookSecrets('[{"name":" main ","secret":"whsec-1\\n"}]')).toEqual([
      { name: 'main', secret: 'whsec-1' },
    ]);
  });

  it.each([
    'null',
    '7',
    '{}',
    '{"name":"new"}',
    '{"name":"new","secret":" "}',
    '{"name":"new","secret":7}',
    '[]',
  ])(
    'keeps the valid entry next to the malformed one %s, and says what is wrong with that one',
    (malformed) => {
      const text = `[{"name":"main","secret":"whsec-1"},${malformed}]`;

      expect(parseWebhookSecrets(text)).toEqual([{ name: 'main', secret: 'whsec-1' }]);
      expect(webhookSecretProblems(text)).toEqual([expect.stringMatching(/^Entry 2 /)]);
    },
  );

  it('keeps what was valid before together with what is valid now, each secret once', () => {
    const [old, main, added] = ['old', 'main', 'added'].map((name) => ({ name, secret: `whsec-${name}` }));
    if (!old || !main || !added) throw new Error('three names');

    expect(withLastValidSecrets([main, added], [old, main])).toEqual([main, added, old]);
    expect(withLastValidSecrets(undefined, [old, main])).toEqual([old, main]);
  });

  it('says which entry is wrong by position and name, and never quotes a value that may be a secret', () => {
    const text =
      '[{"name":"new","secret":""},"whsec-1",{"secret":"new","name":7},{"name":"whsec-2","key":"x"}]';

    expect(webhookSecretProblems(text)).toEqual([
      'Entry 1 (new) has no usable text in "secret"',
      'Entry 2 is not an object',
      'Entry 3 has no usable text in "name"',
      'Entry 4 has no usable text in "secret"',
    ]);
    expect(webhookSecretProblems('whsec-1,')).toEqual([
      'The secret is not a JSON list of {"name", "secret"}',
    ]);
  });

  it.each(['', 'whsec-1', '{}', '[]', '[{"name":"main","secret":""}]', '[{"name":"","secret":"x"}]'])(
    'refuses secrets that everybody could sign with, or nobody: %j (C1)',
    (text) => {
      expect(parseWebhookSecrets(text)).toBeUndefined();
    },
  );
});
