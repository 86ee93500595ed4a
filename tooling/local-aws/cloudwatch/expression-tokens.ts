/** A piece of an expression, unchanged. */
type Token = { kind: 'number' | 'quoted' | 'word' | 'sign'; text: string };

/** A list of tokens that is read from the front. */
export type TokenReader = {
  /** Takes the next token if it is this sign or word. */
  take(text: string): boolean;
  /** Takes the next token if it is of this kind. */
  takeKind(kind: Token['kind']): string | undefined;
  isNext(text: string): boolean;
  /** Throws unless the next token is this one. */
  expect(text: string): void;
  isAtEnd(): boolean;
  /** An error that shows the expression and where reading it ended. */
  misunderstood(): Error;
};

/**
 * Cuts an expression into tokens by a pattern with the groups `number`, `quoted`, `word` and `sign`, any of
 * which may be missing. Throws an error that shows the place at which the pattern does not apply.
 */
export function readTokens(expression: string, pattern: RegExp): TokenReader {
  const tokens = cut(expression, pattern);
  let next = 0;
  const misunderstood = (): Error => {
    const place = tokens[next];
    return new Error(
      `The expression ${expression} is not understood locally, ${place ? `at ${place.text}` : 'at its end'}.`,
    );
  };
  const isNext = (text: string): boolean => {
    const token = tokens[next];
    return token !== undefined && token.text === text && (token.kind === 'sign' || token.kind === 'word');
  };
  const take = (text: string): boolean => {
    if (!isNext(text)) return false;
    next += 1;
    return true;
  };
  return {
    take,
    takeKind(kind) {
      const token = tokens[next];
      if (token?.kind !== kind) return undefined;
      next += 1;
      return token.text;
    },
    isNext,
    expect(text) {
      if (!take(text)) throw misunderstood();
    },
    isAtEnd: () => next >= tokens.length,
    misunderstood,
  };
}

function cut(expression: string, pattern: RegExp): Token[] {
  const sticky = new RegExp(pattern, 'uy');
  const tokens: Token[] = [];
  const end = expression.trimEnd().length;
  while (sticky.lastIndex < end) {
    const at = sticky.lastIndex;
    const groups: Record<string, string | undefined> = sticky.exec(expression)?.groups ?? {};
    const [kind, text] = Object.entries(groups).find(([, found]) => found !== undefined) ?? [];
    if (
      text === undefined ||
      (kind !== 'number' && kind !== 'quoted' && kind !== 'word' && kind !== 'sign')
    ) {
      throw new Error(
        `The expression ${expression} is not understood locally, at ${expression.slice(at, at + 20)}.`,
      );
    }
    tokens.push({ kind, text });
  }
  return tokens;
}
