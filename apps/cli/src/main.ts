#!/usr/bin/env node
import { VERSION } from '@mmtchain/node'
import { isChainError } from '@mmtchain/primitives'
import { Command, CommanderError } from 'commander'
import { addClaim } from './claim.ts'
import { addDev } from './dev.ts'
import { addGenesis } from './genesis.ts'
import { addKeys } from './keys.ts'
import { addShow } from './show.ts'
import { addStart } from './start.ts'
import { addTx } from './tx.ts'

const EXIT = { refused: 1, usage: 2, unreachable: 3 }

const program = new Command('mmt')
  .description('The command line of MMT Chain.')
  .version(VERSION)
  .enablePositionalOptions()
  .exitOverride()
  .showHelpAfterError('(--help shows how)')
addDev(program)
addStart(program)
addGenesis(program)
addKeys(program)
addTx(program)
addShow(program)
addClaim(program)

try {
  await program.parseAsync()
} catch (error) {
  process.exitCode = report(error)
}

/** Says what went wrong on standard error, and gives the exit code. */
function report(error: unknown): number {
  if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : EXIT.usage
  const json = process.argv.includes('--json')
  if (isChainError(error)) {
    const { code, message, hint, values } = error
    process.stderr.write(
      json ? `${toJson({ error: { code, message, hint, values } })}\n` : `${code}: ${message}\n${hint}\n`,
    )
    if (code === 'client/UNREACHABLE') return EXIT.unreachable
    return ['cli/BAD_FIELD', 'cli/BAD_ARGUMENT'].includes(code) ? EXIT.usage : EXIT.refused
  }
  if (error instanceof Error && error.name === 'ExitPromptError') return EXIT.refused
  process.stderr.write(`${error instanceof Error ? error.stack : String(error)}\n`)
  return EXIT.refused
}

function toJson(value: unknown): string {
  return JSON.stringify(value, (_, inner) => (typeof inner === 'bigint' ? inner.toString() : inner))
}
