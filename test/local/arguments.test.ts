import { describe, expect, it } from 'vitest';

import { readArguments, USAGE } from '../../local/arguments.ts';

describe('readArguments', () => {
  it('plays the tour and stays up by default', () => {
    expect(readArguments([])).toEqual({
      ok: true,
      options: { help: false, once: false, json: false, tour: true, keep: false, controlPort: 0 },
    });
  });

  it('reads every option', () => {
    const args = [
      ...['--once', '--json', '--no-tour', '--keep', '--help'],
      ...['--endpoints-file', 'endpoints.json'],
      ...['--config', 'mine.json'],
      ...['--button-url', 'http://127.0.0.1:4010'],
      ...['--button-api-key', 'sk-mine'],
      ...['--webhook-secret', 'old', '--webhook-secret', 'new'],
      ...['--control-port', '4011'],
    ];

    expect(readArguments(args)).toEqual({
      ok: true,
      options: {
        help: true,
        once: true,
        json: true,
        tour: false,
        keep: true,
        endpointsFile: 'endpoints.json',
        config: 'mine.json',
        buttonUrl: 'http://127.0.0.1:4010',
        buttonApiKey: 'sk-mine',
        webhookSecrets: ['old', 'new'],
        controlPort: 4011,
      },
    });
  });

  it.each([
    [['--no-such-option'], /no-such-option/],
    [['stray'], /stray/],
    [['--config'], /--config/],
    [['--once=yes'], /--once/],
    [['--control-port', '65536'], /--control-port must be a number from 0 to 65535/],
    [['--control-port', '-1'], /--control-port/],
    [['--control-port', '80.5'], /--control-port must be/],
    [['--control-port', ''], /--control-port must be/],
    [['--webhook-secret', 'one', '--webhook-secret', ''], /--webhook-secret must not be empty/],
    [['--button-url', 'button.example'], /--button-url must be an http or https URL/],
    [['--button-url', 'file:///button'], /--button-url must be an http or https URL/],
  ])('says what is wrong with %j', (args, problem) => {
    expect(readArguments(args)).toEqual({ ok: false, problem: expect.stringMatching(problem) as string });
  });

  it('explains every option', () => {
    const explained = [...USAGE.matchAll(/^ {2}(--\S+)/gm)].map(([, option]) => option);

    expect(explained.sort()).toEqual(
      [
        '--once',
        '--keep',
        '--json',
        '--no-tour',
        '--endpoints-file',
        '--config',
        '--button-url',
        '--button-api-key',
        '--webhook-secret',
        '--control-port',
        '--help',
      ].sort(),
    );
  });
});
