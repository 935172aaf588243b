// Why a request gets no credential and does not leave: the rule, and what the program that asked is told.

export type InjectionRule =
  /** A placeholder that is not one of this session's, or whose credential is gone. */
  | "placeholder_unknown"
  /** A placeholder on its way to a host that its credential is not for. */
  | "placeholder_host"
  /** A placeholder in a request by a method, or to a path, that its credential is not for. */
  | "placeholder_scope"
  /** A placeholder in a part of the request that its credential is not put into. */
  | "placeholder_place"
  /** A path that two readers could take for different ones, where the path decides about a credential. */
  | "credential_path"
  /** A signature that cannot be made anew, or is for another service or region than the credential. */
  | "credential_signature"
  /** The credential itself cannot be used now. */
  | "credential_problem"
  /** An answer in an encoding that cannot be looked into. */
  | "answer_encoding";

/** The message never repeats a value or a placeholder. */
export class InjectionRefused extends Error {
  readonly rule: InjectionRule;
  readonly status: number | null;
  /** For the audit line: names only. */
  readonly detail: string | null;
  constructor(rule: InjectionRule, message: string, options: { status?: number; detail?: string } = {}) {
    super(message);
    this.name = "InjectionRefused";
    this.rule = rule;
    this.status = options.status ?? null;
    this.detail = options.detail ?? null;
  }
}
