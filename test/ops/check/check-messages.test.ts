import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { checkedAsText, checkMessages } from '../../../ops/check/check-messages.ts';
import { splitMessages } from '../../../ops/check/split-messages.ts';
import { runOps } from '../../../ops/run.ts';
import { sampleMessage, sampleOrder, SETTINGS } from '../../shared/validation/orders/order-samples.ts';

const good = JSON.stringify(sampleMessage());

describe('the messages of a file', () => {
  it('are the elements of a list, the lines of NDJSON, or the whole, each as it is written', () => {
    fc.assert(
      fc.property(fc.array(fc.jsonValue(), { minLength: 1, maxLength: 6 }), (values) => {
        const bodies = values.map((value) => JSON.stringify(value));
        expect(splitMessages(`[ ${bodies.join(' ,\n ')} ]`).map(({ body }) => body)).toEqual(bodies);
        const last = bodies.at(-1) ?? '';
        if (bodies.length > 1)
          expect(splitMessages(`${bodies.join('\r\n')}\n\n`).map(({ body }) => body)).toEqual(bodies);
        else if (!last.startsWith('[')) expect(splitMessages(last)).toEqual([{ line: 1, body: last }]);
      }),
    );
  });

  it('are named by the line on which they begin', () => {
    expect(splitMessages('[\n{},\n\n {"a":[1,"]"]}]').map(({ line }) => line)).toEqual([2, 4]);
    expect(splitMessages('{}\n\n{}').map(({ line }) => line)).toEqual([1, 3]);
  });

  it('are one if a JSON text is broken over several lines', () => {
    expect(splitMessages('{\n"a": 1,\n}')).toHaveLength(1);
    expect(splitMessages('')).toHaveLength(1);
  });
});

describe('check', () => {
  it('finds problems that only show in the text of a message, even inside a list', async () => {
    const decimal = good.replace('"total":7000', '"total":7000.0');
    const [first, second] = await checkMessages(`[${good},${decimal}]`, SETTINGS);

    expect(first).toMatchObject({ verdict: 'valid', orderId: '1994', violations: [] });
    expect(second).toMatchObject({
      verdict: 'refused',
      violations: [{ code: 'number_with_decimal_point', path: '$.data.total' }],
    });
  });

  it('applies the settings of the brand, and shows warnings', async () => {
    const data = { ...sampleOrder(), btn_ref: null };
    const message = JSON.stringify({ ...sampleMessage(), data });

    expect(await checkMessages(good, { ...SETTINGS, testTokens: 'refuse' })).toMatchObject([
      { verdict: 'refused', violations: [{ code: 'btn_ref_test_token_refused' }] },
    ]);
    const text = checkedAsText(await checkMessages(message, SETTINGS));
    expect(text).toContain('1. line 1, order 1994: valid\n     warning: btn_ref_missing');
    expect(text).toContain('1 message, 0 refused');
  });

  it.each([
    ['a good message', good.replace('fakesrctok-abcdef0123456789', 'srctok-1'), 0, 'done'],
    ['a bad one', good.replace('7000', '7001'), 1, 'refused'],
    ['no message', ' ', 1, 'refused'],
  ])('reads standard input, and ends with its own exit code: %s', async (_, input, code, outcome) => {
    let out = '';
    const ended = await runOps(['check', '-', '--json'], {
      out: (text) => (out += text),
      err: () => undefined,
      readInput: () => Promise.resolve(input),
    });

    expect(ended).toBe(code);
    expect(JSON.parse(out)).toMatchObject({ outcome });
  });

  it.each([
    [['--config', 'no-such-file.json'], 'cannot be read'],
    [['--config', 'package.json'], '--config: '],
    [['--config', 'infra/config/local.json', '--brand', 'nobody'], '--brand: must be one of '],
    [['--brand', 'acme'], 'needs --config'],
  ])('refuses a configuration that it cannot use: %j', async (options, problem) => {
    let err = '';
    const code = await runOps(['check', '-', ...options], {
      out: () => undefined,
      err: (text) => (err += text),
      readInput: () => Promise.resolve(good),
    });

    expect({ code, err }).toEqual({ code: 2, err: expect.stringContaining(problem) as string });
  });
});
