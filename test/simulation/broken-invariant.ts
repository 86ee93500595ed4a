/** Thrown when an invariant is broken. */
export class BrokenInvariant extends Error {
  /** The evidence. */
  readonly detail: string;

  constructor(invariant: string, detail: string) {
    super(invariant);
    this.detail = detail;
  }
}

/** Reports that an invariant is broken, with the evidence. */
export function fail(invariant: string, detail: string): never {
  throw new BrokenInvariant(invariant, detail);
}
