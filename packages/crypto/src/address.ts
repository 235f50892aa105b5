// The addresses of modules (docs/spec/formats.md, section 4.3).
import { type Address, addressFromBytes, utf8 } from '@mmtchain/primitives'
import { hashTagged, tag } from './hash.ts'
import { cryptoFail } from './refusals.ts'

const MODULE_TAG = /* @__PURE__ */ tag('mmt/module/1')
const LABEL_BYTES_MAX = 64

/**
 * The account that belongs to a module and a label of 0 to 64 bytes, not to a key (section 4.3). Throws
 * `crypto/BAD_MODULE_NAME` and `crypto/BAD_MODULE_LABEL`.
 */
export function moduleAddress(module: string, label: Uint8Array): Address {
  if (!/^[a-z][a-zA-Z0-9]{0,31}$/.test(module)) throw cryptoFail.BAD_MODULE_NAME({ module })
  if (label.length > LABEL_BYTES_MAX) throw cryptoFail.BAD_MODULE_LABEL({ length: label.length })
  // Both lengths are below 128, so their ULEB128 form is the length itself in one byte.
  const name = utf8(module)
  return addressFromBytes(
    hashTagged(MODULE_TAG, Uint8Array.of(name.length), name, Uint8Array.of(label.length), label),
  )
}
