import type { ActionName, ActionResult, StageFacts, TimelineAnswer } from '../view.ts';
import { isFacts, isProblem, isResult, isTimeline, readDocument } from './content.ts';

/** The stage, its actions and boards. */
export async function fetchFacts(): Promise<StageFacts> {
  return readDocument(await textOf(await fetch('/stage')), isFacts);
}

/** What happened to an id. Throws with the server's words. */
export async function fetchTimeline(id: string): Promise<TimelineAnswer> {
  return readDocument(await textOf(await fetch(`/timeline?id=${encodeURIComponent(id)}`)), isTimeline);
}

/** Has the server do something; a failure is a result too. */
export async function act(name: ActionName, input: object): Promise<ActionResult> {
  try {
    const response = await fetch(`/actions/${name}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(input),
    });
    const text = await response.text();
    return response.ok || response.status === 403
      ? readDocument(text, isResult)
      : { ok: false, message: problemIn(response, text) };
  } catch (error) {
    return { ok: false, message: `The server did not answer (${String(error)}).` };
  }
}

async function textOf(response: Response): Promise<string> {
  const text = await response.text();
  if (!response.ok) throw new Error(problemIn(response, text));
  return text;
}

function problemIn({ headers }: Response, text: string): string {
  const isJson = headers.get('content-type')?.startsWith('application/json') ?? false;
  return isJson ? readDocument(text, isProblem).problem : text;
}
