export type { Lock } from './books.ts'
export { claimText } from './claim.ts'
export type { TokenOptions } from './nouns.ts'
export { type TokenGranted, type TokenOpen, type TokenReads, token } from './token.ts'
