import type { ServerResponse } from 'node:http';

import { STRICT_HEADERS } from './headers.ts';
import type { View } from './view.ts';

/** Sends a view to every open page, as server-sent events. */
export type Broadcast = {
  /** Answers a request with the events; sends it at once what is known. */
  open: (response: ServerResponse) => void;
  /** Sends what differs from the last view. */
  show: (view: View) => void;
  /** Says that the stage cannot be read now. */
  complain: (problem: string) => void;
  /** Whether any page is open. */
  isWatched: () => boolean;
  close: () => void;
};

/** Proxies and browsers take a silent connection for a broken one. */
const HEARTBEAT_MS = 15_000;

/**
 * Each list is an event of its own, sent when it differs. Format:
 * https://html.spec.whatwg.org/multipage/server-sent-events.html
 */
export function createBroadcast(): Broadcast {
  const open = new Set<ServerResponse>();
  const sent = new Map<string, string>();
  const send = (text: string): void => {
    for (const response of open) response.write(text);
  };
  const say = (name: string, data: unknown): void => {
    const text = `event: ${name}\ndata: ${JSON.stringify(data)}\n\n`;
    if (sent.get(name) === text) return;
    sent.set(name, text);
    send(text);
  };
  const heartbeat = setInterval(() => {
    send(': still here\n\n');
  }, HEARTBEAT_MS).unref();
  return {
    open(response) {
      response.writeHead(200, { ...STRICT_HEADERS, 'content-type': 'text/event-stream; charset=utf-8' });
      response.write('retry: 1000\n\n');
      for (const text of sent.values()) response.write(text);
      open.add(response);
      response.once('close', () => open.delete(response));
    },
    show(view) {
      for (const [name, section] of Object.entries(view)) say(name, section);
      say('problem', null);
    },
    complain: (problem) => {
      say('problem', problem);
    },
    isWatched: () => open.size > 0,
    close() {
      clearInterval(heartbeat);
      for (const response of open) response.end();
    },
  };
}
