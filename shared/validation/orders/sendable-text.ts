/**
 * The same JSON as SQS takes it. JSON holds U+FFFE and U+FFFF as they are, SQS refuses them
 * (SendMessageBatch: allowed are "#xE000 to #xFFFD"). Escaped, they mean the same. Pure.
 */
export function sendableText(json: string): string {
  return json.replace(/[\uFFFE\uFFFF]/g, (character) => `\\u${character.charCodeAt(0).toString(16)}`);
}
