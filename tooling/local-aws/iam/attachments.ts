/** Statements that belong to an ARN: they come in sets, and each set can be taken away again. */
export type Attachments<Statement> = {
  /** Adds a set; returns what takes it away. */
  add(arn: string, statements: readonly Statement[]): () => void;
  of(arn: string): readonly Statement[];
};

/** Starts without any. */
export function createAttachments<Statement>(): Attachments<Statement> {
  const sets = new Map<string, Set<readonly Statement[]>>();
  return {
    add(arn, statements) {
      const ofArn = sets.get(arn) ?? new Set();
      sets.set(arn, ofArn.add(statements));
      return () => {
        ofArn.delete(statements);
      };
    },
    of: (arn) => [...(sets.get(arn) ?? [])].flat(),
  };
}
