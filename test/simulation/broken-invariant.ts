/** Thrown where an invariant is found broken. */
export class BrokenInvariant extends Error {
  /** What shows it. */
  readonly detail: string;

  constructor(invariant: string, detail: string) {
    super(invariant);
    this.detail = detail;
  }
}

/** Says that an invariant is broken, and what shows it. */
export function fail(invariant: string, detail: string): never {
  throw new BrokenInvariant(invariant, detail);
}
