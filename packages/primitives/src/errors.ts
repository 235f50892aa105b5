/** What a refusal tells a person: what happened and wanted against got, then the cure. */
export interface Explanation {
  readonly message: string
  readonly hint: string
}

/** Renders one refusal from its values. Its public code is `namespace/KEY`; keys are append-only. */
export type Refusal<D> = (values: D) => Explanation

/**
 * The one error that this software throws on purpose: a refusal with a stable `code` (`token/INSUFFICIENT_BALANCE`),
 * the `values` behind it, a `message` and a `hint` that names the cure. Programs branch on `code`, people read the rest.
 */
export class ChainError extends Error {
  override readonly name = 'ChainError'
  readonly code: string
  readonly hint: string
  readonly values: Readonly<Record<string, unknown>>

  constructor(init: {
    code: string
    message: string
    hint: string
    values?: object | undefined
    cause?: unknown
  }) {
    super(init.message, init.cause === undefined ? undefined : { cause: init.cause })
    this.code = init.code
    this.hint = init.hint
    this.values = { ...init.values }
  }
}

/** True for a ChainError of any copy of this package, so that two installed versions understand each other. */
export function isChainError(error: unknown): error is ChainError {
  return (
    error instanceof Error && error.name === 'ChainError' && typeof (error as ChainError).code === 'string'
  )
}

/** Makers of ChainErrors, one for each key of `R`. */
export type Failures<R> = {
  readonly [K in keyof R]: R[K] extends () => Explanation
    ? () => ChainError
    : R[K] extends Refusal<infer D>
      ? (values: D) => ChainError
      : never
}

/**
 * Declares a namespace of refusals: `const fail = failures('codec', { TOO_LONG: (d: { max: number }) => ({ … }) })`,
 * then `throw fail.TOO_LONG({ max })` throws `codec/TOO_LONG`. `show` may rewrite the rendered texts, for example to
 * print addresses as people know them.
 */
export function failures<R extends object>(
  namespace: string,
  refusals: R,
  show: (text: string) => string = (text) => text,
): Failures<R> {
  const makers = Object.entries(refusals as Record<string, Refusal<object>>).map(([key, refusal]) => {
    const maker = (values: object = {}) => {
      const { message, hint } = refusal(values)
      return new ChainError({ code: `${namespace}/${key}`, message: show(message), hint: show(hint), values })
    }
    return [key, maker] as const
  })
  return Object.freeze(Object.fromEntries(makers)) as Failures<R>
}
