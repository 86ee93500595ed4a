/** The cut-over of a system that never replaced another one: every transaction is live. */
export const everythingIsLive = (): Promise<string> => Promise.resolve('1970-01-01T00:00:00Z');
