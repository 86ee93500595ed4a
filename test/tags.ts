/** What a test may be tagged with: every run of Vitest has to know them. */
export const TAGS = [
  { name: 'long', description: 'Takes long: `npm run test:long` runs it, `npm test` does not.' },
  { name: 'volume', description: 'Runs in both, with larger numbers in `npm run test:long`.' },
];
