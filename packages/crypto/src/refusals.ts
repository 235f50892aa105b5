import { failures } from '@mmtchain/primitives'

/** The refusals of this package, for the catalogue of error codes. None of them carries a secret. */
export const cryptoRefusals = {
  BAD_TAG: (d: { name: string }) => ({
    message: `"${d.name.slice(0, 80)}" is not a tag.`,
    hint: 'A tag is 1 to 16 printable ASCII characters.',
  }),
  BAD_SECRET: (d: { suite: string; length: number }) => ({
    message: `These ${d.length} bytes are not a secret of ${d.suite}.`,
    hint: 'A secret is 32 bytes; for secp256k1, read as a number, above 0 and below the order of the curve.',
  }),
  BAD_PUBLIC_KEY: (d: { suite: string; length: number }) => ({
    message: `These ${d.length} bytes are not a public key of ${d.suite}.`,
    hint: 'Pass the key as the suite encodes it; a secp256k1 key is compressed, 33 bytes that begin with 02 or 03.',
  }),
  BAD_SUITE: (d: { code: number; name: string; reason: string }) => ({
    message: `Suite ${d.code} "${d.name}" is not usable: ${d.reason}.`,
    hint: 'Own suites have codes 128 to 255, a key of 1 to 4096 bytes, a signature of 1 to 65536 bytes and a weight of at least 1.',
  }),
  DUPLICATE_SUITE: (d: { code: number; name: string; other: string }) => ({
    message: `Suite ${d.code} "${d.name}" collides with "${d.other}".`,
    hint: 'Give each suite its own code and its own name.',
  }),
  UNKNOWN_SUITE: (d: { code: number; known: readonly number[] }) => ({
    message: `There is no signature suite ${d.code} here; there are ${d.known.join(', ')}.`,
    hint: 'Use a suite that the chain accepts, or add this one to the chain file.',
  }),
  BACKEND_UNAVAILABLE: (d: { suite: string; backend: string; reason: string }) => ({
    message: `The backend "${d.backend}" of ${d.suite} cannot be used here: ${d.reason}.`,
    hint: 'noble works everywhere. For secp256k1, unset MMT_SECP256K1 or set it to native, wasm or noble; native needs the optional dependency "secp256k1" with a binary for this platform.',
  }),
  NO_RANDOMNESS: (_: object) => ({
    message: 'This platform offers no secure random numbers.',
    hint: 'Run where globalThis.crypto.getRandomValues exists: Node.js 20 or newer, or a current browser.',
  }),
  BAD_MODULE_NAME: (d: { module: string }) => ({
    message: `"${d.module.slice(0, 80)}" cannot own an account.`,
    hint: 'A module name is a letter a-z, then up to 31 letters and digits.',
  }),
  BAD_MODULE_LABEL: (d: { length: number }) => ({
    message: `The label of a module account has ${d.length} bytes.`,
    hint: 'A label has at most 64 bytes.',
  }),
  BAD_MNEMONIC_LENGTH: (d: { words: number }) => ({
    message: `A mnemonic of ${d.words} words does not exist here.`,
    hint: 'Use 12 or 24 words for a new one; 12, 15, 18, 21 or 24 when you enter one.',
  }),
  UNKNOWN_MNEMONIC_WORD: (d: { position: number }) => ({
    message: `Word ${d.position} of the mnemonic is not in the English word list of BIP-39.`,
    hint: 'Check its spelling; write the words in lower case with one space between them.',
  }),
  MNEMONIC_TYPO: (_: object) => ({
    message: 'The words are all known, but their checksum is wrong.',
    hint: 'A word was swapped or mistaken for another: check each one and their order.',
  }),
  BAD_SEED: (d: { length: number }) => ({
    message: `A BIP-32 seed cannot have ${d.length} bytes.`,
    hint: 'A seed has 16 to 64 bytes.',
  }),
  BAD_KEY_PATH: (d: { path: string }) => ({
    message: `"${d.path.slice(0, 80)}" is not a BIP-32 path.`,
    hint: "Write for example m/44'/9999'/0'/0/0, with numbers below 2147483648.",
  }),
  BAD_PASSPHRASE: (d: { reason: string }) => ({
    message: `The passphrase cannot be used: ${d.reason}.`,
    hint: 'Choose a passphrase of 1 to 1024 characters; four or more random words are good.',
  }),
  BAD_SCRYPT_COST: (d: { scryptLog2N: number }) => ({
    message: `2^${d.scryptLog2N} is not a usable scrypt cost.`,
    hint: 'Leave scryptLog2N out (2^18); tests may go down to 1, nothing may go above 20.',
  }),
  KEYSTORE_BAD_SECRET: (d: { length: number }) => ({
    message: `A keystore cannot hold ${d.length} bytes.`,
    hint: 'A secret has 1 to 4096 bytes.',
  }),
  KEYSTORE_WRONG_PASSPHRASE: (_: object) => ({
    message: 'The passphrase does not open this keystore.',
    hint: 'Type the passphrase again. If it is surely right, the header of the file is damaged: use a backup.',
  }),
  KEYSTORE_DAMAGED: (d: { reason: string }) => ({
    message: `The keystore is damaged: ${d.reason}.`,
    hint: 'Restore the file from a backup, or the key from its mnemonic.',
  }),
}

export const cryptoFail = failures('crypto', cryptoRefusals)
