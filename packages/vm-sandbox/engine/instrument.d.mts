/** Rewrites a build of QuickJS. The names are those of its imports and exports, and what they are called afterwards. */
export function instrument(
  bytes: Uint8Array,
  names: {
    readonly importNames: { readonly [short: string]: string }
    readonly exportNames: { readonly [short: string]: string }
  },
): { readonly bytes: Uint8Array }
