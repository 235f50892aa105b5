// What a name is: labels of host names (RFC 1123, section 2.1) with the limits of DNS (RFC 1035, section 2.3.4).
import { text } from '@mmtchain/codec'

/** The bytes of one label. */
export const LABEL_BYTES_MAX = 63
/** The bytes of a whole name as text, its chain's root and the dots included. */
export const NAME_BYTES_MAX = 253
/** How many labels a name has below its chain's root. */
export const LABELS_MAX = 8

export const label = text({ bytesMax: LABEL_BYTES_MAX })
/** A name below the root of its chain, `report-17.lab`; empty is the root. */
export const name = text({ bytesMax: NAME_BYTES_MAX })

const LABEL = /^[a-z0-9]([a-z0-9-]*[a-z0-9])?$/

/** Why a text is no label, if so. */
export function faultOfLabel(given: string): string | undefined {
  if (given.length > LABEL_BYTES_MAX) return `a label has at most ${LABEL_BYTES_MAX} characters`
  if (!LABEL.test(given))
    return 'a label is lower-case letters, digits and hyphens, with no hyphen first or last'
  // RFC 5891, section 4.2.3.1: labels with hyphens there, such as xn--…, are kept for internationalised names.
  if (given.startsWith('--', 2))
    return 'hyphens in third and fourth place are kept for internationalised names'
  return undefined
}

/** Why a text is no name below this root, if so. */
export function faultOfName(given: string, root: string): string | undefined {
  if (given.length + 1 + root.length > NAME_BYTES_MAX)
    return `a name has at most ${NAME_BYTES_MAX} characters with its root`
  const labels = given.split('.')
  if (labels.length > LABELS_MAX) return `a name has at most ${LABELS_MAX} labels below its root`
  for (const one of labels) {
    const fault = faultOfLabel(one)
    if (fault) return fault
  }
  return undefined
}

/** The key of a name's rows: the name above it, empty for the root, and its own label. */
export function keyOf(given: string): readonly [above: string, label: string] {
  const dot = given.indexOf('.')
  return dot < 0 ? ['', given] : [given.slice(dot + 1), given.slice(0, dot)]
}

/** The names from the top of the chain down to this one: `lab`, `report-17.lab`. */
export function pathOf(given: string): readonly string[] {
  const labels = given.split('.')
  return labels.map((_, i) => labels.slice(labels.length - 1 - i).join('.'))
}
