#!/usr/bin/env node
import { VERSION } from '@mmtchain/node'
import { type ChainError, isChainError } from '@mmtchain/primitives'
import { Command, CommanderError } from 'commander'
import { addClaim } from './claim.ts'
import { addDev } from './dev.ts'
import { addGenesis } from './genesis.ts'
import { addKeys } from './keys.ts'
import { cliFail } from './refusals.ts'
import { addShow } from './show.ts'
import { addStart } from './start.ts'
import { addTx } from './tx.ts'

const EXIT = { refused: 1, usage: 2, unreachable: 3 }

const json = process.argv.includes('--json')

// A reader that has gone, as in `mmt status | head -1`, is no failure; `mmt dev` stops by it.
for (const stream of [process.stdout, process.stderr]) {
  stream.on('error', (error: { readonly code?: string }) => {
    if (error.code !== 'EPIPE') throw error
  })
}

const program = new Command('mmt')
  .description('The command line of MMT Chain.')
  .version(VERSION)
  .enablePositionalOptions()
  .exitOverride()
  .showHelpAfterError('(--help shows how)')
  // Programs read one JSON object on standard error, which `report` writes.
  .configureOutput(json ? { writeErr: () => undefined } : {})
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
  if (error instanceof CommanderError) {
    if (error.exitCode === 0) return 0
    const message = error.code === 'commander.help' ? 'A command is missing.' : error.message
    if (json) say(cliFail.USAGE({ message: message.replace(/^error: /, '') }))
    return EXIT.usage
  }
  if (isChainError(error)) {
    say(error)
    const { code } = error
    if (code === 'client/UNREACHABLE') return EXIT.unreachable
    return ['cli/BAD_FIELD', 'cli/BAD_ARGUMENT'].includes(code) ? EXIT.usage : EXIT.refused
  }
  if (error instanceof Error && error.name === 'ExitPromptError') return EXIT.refused
  process.stderr.write(`${error instanceof Error ? error.stack : String(error)}\n`)
  return EXIT.refused
}

function say({ code, message, hint, values }: ChainError): void {
  process.stderr.write(
    json ? `${toJson({ error: { code, message, hint, values } })}\n` : `${code}: ${message}\n${hint}\n`,
  )
}

function toJson(value: unknown): string {
  return JSON.stringify(value, (_, inner) => (typeof inner === 'bigint' ? inner.toString() : inner))
}
