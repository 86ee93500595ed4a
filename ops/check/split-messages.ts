/** One message of a file, unchanged. `line` is where it begins, from 1. */
export type FileMessage = { line: number; body: string };

/**
 * The messages in a text: a JSON list of them, one JSON document, or one on each line (NDJSON). Each keeps
 * its own text, because 70.00 and a name that occurs twice are visible only in the text. Pure.
 */
export function splitMessages(text: string): FileMessage[] {
  if (isJson(text)) return text.trimStart().startsWith('[') ? splitList(text) : [whole(text)];
  const lines = text.split('\n').map((body, index) => ({ line: index + 1, body: body.replace(/\r$/, '') }));
  const messages = lines.filter(({ body }) => body.trim() !== '');
  // A broken message over several lines is one message, not many.
  const [first] = messages;
  return first && (isJson(first.body) || messages.length === 1) ? messages : [whole(text)];
}

function whole(text: string): FileMessage {
  const [before = ''] = /^\s*/.exec(text) ?? [];
  return { line: lineAt(text, before.length), body: text };
}

/** The elements of a JSON list that is known to be valid. */
function splitList(text: string): FileMessage[] {
  const messages: FileMessage[] = [];
  let depth = 0;
  let start = text.indexOf('[') + 1;
  // A text in JSON is one token: its brackets and commas have no meaning.
  for (const { 0: token, index } of text.matchAll(/"(?:[^"\\]|\\.)*"|[[\]{},]/g)) {
    const isEnd = (depth === 1 && token === ',') || (depth === 1 && token === ']');
    if (isEnd) {
      const raw = text.slice(start, index);
      const body = raw.trim();
      if (body !== '') messages.push({ line: lineAt(text, start + raw.indexOf(body)), body });
      start = index + 1;
    }
    if (token === '[' || token === '{') depth += 1;
    if (token === ']' || token === '}') depth -= 1;
  }
  return messages;
}

function lineAt(text: string, offset: number): number {
  return text.slice(0, offset).split('\n').length;
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}
