/** The tags of tests. Every run of Vitest must know them. */
export const TAGS = [
  { name: 'long', description: 'Takes long: `npm run test:long` runs it, `npm test` does not.' },
  { name: 'volume', description: 'Runs in both, with larger numbers in `npm run test:long`.' },
];
