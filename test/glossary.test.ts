import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';

import { describe, expect, it } from 'vitest';

const ROOT = join(import.meta.dirname, '..');
const GLOSSARY = 'docs/glossary.md';
const MOST_TERMS = 55;

/** What people read and run: source, configuration (with the texts of alarms) and documents. */
const PLACES = ['README.md', 'docs', 'functions', 'shared', 'infra', 'ops', 'local', 'tooling'];
const TEXT = /\.(?:ts|mjs|md|json|jsonc)$/;
const NOT_OURS = /node_modules|^tooling\/[^/]+\/test\/|\/dist\/|package-lock\.json|\.bench|^docs\/button\//;

const files = PLACES.flatMap((place) =>
  statSync(join(ROOT, place)).isFile()
    ? [place]
    : readdirSync(join(ROOT, place), { recursive: true, encoding: 'utf8' }).map((file) => join(place, file)),
).filter((file) => TEXT.test(file) && !NOT_OURS.test(file) && file !== GLOSSARY);
const contents = files.map((file) => ({ file, text: readFileSync(join(ROOT, file), 'utf8') }));

const terms = [...readFileSync(join(ROOT, GLOSSARY), 'utf8').matchAll(/^- \*\*(.+?)\*\*: /gm)].map(
  ([, term = '']) => term,
);

/** `Ledger entry` also matches `LedgerEntry`, `ledger-entry` and `LEDGER_ENTRY`. */
function occurrencesOf(term: string): RegExp {
  return new RegExp(term.split(/[ -]/).join('[\\s_-]*'), 'i');
}

/** Words that the glossary's terms have replaced. */
const RETIRED = [
  /\bmend(?:s|ed|er|ing|able)?\b/i,
  /fallback/i,
  /wake-?ups?\b|wake_up|\bwoken\b/i,
  /\bset(?:s|ting)?[ -]?aside\b/i,
  /\bwebhooks?(?: that (?:is|are))? held\b|HeldWebhook/i,
  /\bstanding\b|StandingStream|fenceStands/i,
  /\bStored<|\bThing\b|\.thing\b/,
  /\bOrderReport(?:s|Store)?\b|ORDER_REPORTS|\border-reports?\b/,
  /\bisHeld\b|\bkeepsData\b/,
  /\blasting\b|\bofBrand\b|impatient/i,
  /\b(?:read|is)?News\b|\bfirstLost\b|KNOWN_STRANGERS|\btwin\b|\btoWord\b/,
  /\b[A-Z]\w*(?:Reading|Parsing|Writing)\b|\bDiscounting\b/,
  /tookOverAt|unknownAre|unknown-are|readBegunAt|doneUntil|safeUntil|knownUntil/,
  /sendAwayWaiting|surroundings|\bHearing\b|\bteller\b|untilGone/i,
  /\btalk with Button\b/i,
];

/** Places where such a word belongs to another system, or has another meaning. */
const ALLOWED: readonly { file: string; text: string }[] = [
  // A default value.
  { file: 'tooling/button-simulator/injected-transaction.ts', text: 'fallback' },
];

describe('the glossary', () => {
  it(`has at most ${MOST_TERMS} terms, each once`, () => {
    expect(terms.length).toBeGreaterThan(0);
    expect(terms.length).toBeLessThanOrEqual(MOST_TERMS);
    expect(new Set(terms.map((term) => term.toLowerCase())).size).toBe(terms.length);
  });

  it('defines words that the project uses', () => {
    const unused = terms.filter((term) => !contents.some(({ text }) => occurrencesOf(term).test(text)));

    expect(unused).toEqual([]);
  });

  it('is what CONTRIBUTING and architecture refer to', () => {
    for (const [file, link] of [
      ['CONTRIBUTING.md', 'docs/glossary.md'],
      ['docs/architecture.md', 'glossary.md'],
    ] as const)
      expect(readFileSync(join(ROOT, file), 'utf8')).toContain(`](${link})`);
  });
});

describe('words that were replaced', () => {
  it.each(RETIRED)('do not come back: %s', (word) => {
    const found = contents
      .flatMap(({ file, text }) => [file, ...text.split('\n')].map((line) => ({ file, line })))
      .filter(({ line }) => word.test(line))
      .filter(({ file, line }) => !ALLOWED.some((one) => one.file === file && line.includes(one.text)))
      .map(({ file, line }) => `${file}: ${line.trim()}`);

    expect(found).toEqual([]);
  });

  it('are allowed only where they occur', () => {
    const idle = ALLOWED.filter(
      ({ file, text }) => !contents.some((one) => one.file === file && one.text.includes(text)),
    );

    expect(idle).toEqual([]);
  });
});
