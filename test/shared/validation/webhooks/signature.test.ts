import { createHmac } from 'node:crypto';

import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { checkSignature } from '../../../../shared/validation/webhooks/signature.ts';
import vectors from '../../../fixtures/button/signature-vectors.json' with { type: 'json' };

function sign(body: Uint8Array, secret: string): string {
  return createHmac('sha256', secret).update(body).digest('hex');
}

describe('checkSignature', () => {
  for (const { name, secret, bodyHex, signature, valid } of [
    ...vectors.official.vectors,
    ...vectors.derived.vectors,
  ]) {
    if (valid === null) continue;
    it(`${valid ? 'accepts' : 'refuses'} the recorded vector "${name}"`, () => {
      const check = checkSignature(Buffer.from(bodyHex, 'hex'), signature, [{ name: 'main', secret }]);

      expect(check.ok).toBe(valid);
    });
  }

  it('accepts upper-case hex: the same bytes prove the same secret', () => {
    const vector = vectors.derived.vectors.find(({ name }) => name === 'upper-case-hex');
    if (!vector) throw new Error('the vector is missing');

    const check = checkSignature(Buffer.from(vector.bodyHex, 'hex'), vector.signature, [
      { name: 'main', secret: vector.secret },
    ]);

    expect(check.ok).toBe(true);
  });

  it('accepts any of several secrets and names the one that signed (C12)', () => {
    const body = Buffer.from('{"a":1}');
    const secrets = [
      { name: 'old', secret: 'one' },
      { name: 'new', secret: 'two' },
    ];

    expect(checkSignature(body, sign(body, 'two'), secrets)).toEqual({ ok: true, secretName: 'new' });
  });

  it.each([
    ['missing', undefined],
    ['missing', ''],
    ['malformed', 'a'.repeat(63)],
    ['malformed', 'a'.repeat(65)],
    ['malformed', 'é'.repeat(64)],
    ['malformed', `${'a'.repeat(64)}, ${'a'.repeat(64)}`],
    ['mismatch', 'a'.repeat(64)],
  ])('refuses a %s signature without throwing (C1)', (reason, signature) => {
    const check = checkSignature(Buffer.from('{}'), signature, [{ name: 'main', secret: 'secret' }]);

    expect(check).toEqual({ ok: false, reason });
  });

  it('accepts exactly the signed bytes: any change of body or signature is refused', () => {
    fc.assert(
      fc.property(
        fc.uint8Array({ minLength: 1, maxLength: 200 }),
        fc.string({ minLength: 1 }),
        fc.nat(),
        fc.integer({ min: 1, max: 255 }),
        (body, secret, at, flip) => {
          const secrets = [{ name: 'main', secret }];
          const signature = sign(body, secret);
          const changed = Uint8Array.from(body, (byte, index) =>
            index === at % body.length ? byte ^ flip : byte,
          );
          const forged = Buffer.from(signature, 'hex').map((byte, index) =>
            index === at % 32 ? byte ^ flip : byte,
          );

          expect(checkSignature(body, signature, secrets).ok).toBe(true);
          expect(checkSignature(changed, signature, secrets).ok).toBe(false);
          expect(checkSignature(body, Buffer.from(forged).toString('hex'), secrets).ok).toBe(false);
        },
      ),
      { numRuns: 2000 },
    );
  });
});
