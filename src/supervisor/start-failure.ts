// Something that ends a start, in the three lines that an operator needs: what, why, what to do.

export class StartFailure extends Error {
  readonly why: string;
  readonly remedy: string;
  constructor(what: string, details: { why: string; remedy: string; cause?: unknown }) {
    super(what, { cause: details.cause });
    this.name = "StartFailure";
    this.why = details.why;
    this.remedy = details.remedy;
  }
}
