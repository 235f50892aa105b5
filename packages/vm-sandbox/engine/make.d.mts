/** The instrumented engine, made from the pinned build. */
export function makeEngine(): { readonly bytes: Uint8Array }
