// A handler that does nothing. It shows what Node.js and the measurement itself use.
export const handler = async () => ({ statusCode: 200 });
