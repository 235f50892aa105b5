import type { Engine } from './ports.ts'

/**
 * What may be said of a block: *final* is never taken back. *Confirmed* is a label for a number of blocks on top of it, which promises
 * nothing. What is neither is *pending*.
 */
export type Confirmation = 'final' | 'confirmed' | 'pending'

/** What may be said of a block of this height under this tip. */
export function confirmationOf(
  { confirmations }: Pick<Engine, 'confirmations'>,
  at: { readonly height: bigint; readonly tip: bigint; readonly final: bigint },
): Confirmation {
  if (at.height <= at.final) return 'final'
  return confirmations !== undefined && at.tip - at.height >= BigInt(confirmations) ? 'confirmed' : 'pending'
}
