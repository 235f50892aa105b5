/** A rule of the chain that a simulated run has broken. */
export interface Violation {
  /** The name of the rule: what shrinking keeps. */
  readonly rule: string
  readonly what: string
  readonly atMs: number
}
