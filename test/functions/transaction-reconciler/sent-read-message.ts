import { readReadMessage, type StreamToRead } from '../../../shared/reconciliation/rules/read-message.ts';

/** Reads a message that this system has sent. Throws on anything else. */
export function sentReadMessage(body: string): StreamToRead {
  const toRead = readReadMessage(body);
  if (!toRead) throw new Error('This is no read message');
  return toRead;
}
