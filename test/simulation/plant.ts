/** A bug: where it is planted, what stands there, and what is put in its place. */
export type PlantedBug = { file: string; original: string; planted: string };

/** The source with the bug in it. Throws if what is to be changed is not there. */
export function plantIn(source: string, { file, original, planted }: PlantedBug): string {
  if (!source.includes(original)) throw new Error(`${file} does not say ${original}`);
  return source.replace(original, () => planted);
}
