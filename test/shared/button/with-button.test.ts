import { describe, expect, it } from 'vitest';

import { keepOpen, withButton } from '../../../shared/button/with-button.ts';
import type { SecretResult } from '../../../shared/runtime/secret.ts';

/** Access with this reading of the key, and the number of its open connections. */
function access(reading: SecretResult<string>) {
  const state = { open: 0 };
  const openHttp = () => {
    state.open += 1;
    return {
      call: () => Promise.resolve({ result: 'not-sent' as const, reason: 'nobody answers' }),
      close: () => void (state.open -= 1),
    };
  };
  const apiKey = { read: () => Promise.resolve(reading) };
  return { state, button: { openHttp, apiKey, createApi: (_http: unknown, key: string) => ({ key }) } };
}

describe('work with Button', () => {
  it('gets the API with the key, and leaves no connection open', async () => {
    const { state, button } = access({ status: 'set', value: 'sk-1' });

    const during = await withButton(button, (api) => Promise.resolve({ api, open: state.open }));

    expect(during).toEqual({ api: { key: 'sk-1' }, open: 1 });
    expect(state.open).toBe(0);
  });

  it('leaves a connection open that is kept for the next invocation', async () => {
    const { state, button } = access({ status: 'set', value: 'sk-1' });
    const keeping = { ...button, openHttp: keepOpen(button.openHttp()) };

    await withButton(keeping, () => Promise.resolve());
    await withButton(keeping, () => Promise.resolve());

    expect(state.open).toBe(1);
  });

  it('gets the reason if there is no key', async () => {
    const { button } = access({ status: 'not-set' });

    expect(await withButton(button, (api) => Promise.resolve(api))).toBe('api_key_not_set');
  });

  it('leaves no connection open when it fails', async () => {
    const { state, button } = access({ status: 'set', value: 'sk-1' });

    await expect(withButton(button, () => Promise.reject(new Error('failed')))).rejects.toThrow('failed');
    expect(state.open).toBe(0);
  });
});
