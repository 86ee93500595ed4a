/** An object in JSON: names and values of which nothing is known yet. */
export type JsonObject = Readonly<Record<string, unknown>>;

/** `value` if it is an object and not an array; otherwise undefined. */
export function asJsonObject(value: unknown): JsonObject | undefined {
  return isJsonObject(value) ? value : undefined;
}

function isJsonObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
