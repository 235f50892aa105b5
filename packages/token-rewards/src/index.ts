export { claimText, type TokenGranted, type TokenOpen, type TokenOptions, token } from './token.ts'
