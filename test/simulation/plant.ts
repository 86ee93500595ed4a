/** A bug: its file, the original code, and the code that replaces it. */
export type PlantedBug = { file: string; original: string; planted: string };

/** The source with the bug in it. Throws if the original code is not there. */
export function plantIn(source: string, { file, original, planted }: PlantedBug): string {
  if (!source.includes(original)) throw new Error(`${file} does not say ${original}`);
  return source.replace(original, () => planted);
}
