#!/usr/bin/env node
import { VERSION } from '@mmtchain/node'
import { type ChainError, isChainError } from '@mmtchain/primitives'
import { Command, CommanderError } from 'commander'
import { addBench } from './bench.ts'
import { addClaim } from './claim.ts'
import { languageOption, withExample } from './context.ts'
import { addContract } from './contract.ts'
import { addCreate, addModule } from './create.ts'
import { addDev } from './dev.ts'
import { addDoctor } from './doctor.ts'
import { addGenesis } from './genesis.ts'
import { addKeys } from './keys.ts'
import { explain, say } from './language.ts'
import { addNames } from './names.ts'
import { addOffline } from './offline.ts'
import { look } from './output.ts'
import { cliFail } from './refusals.ts'
import { addShow } from './show.ts'
import { addSim } from './sim.ts'
import { addSnapshot } from './snapshot.ts'
import { addStart } from './start.ts'
import { addStatus } from './status.ts'
import { addTestnet } from './testnet.ts'
import { addTx } from './tx.ts'
import { addUpkeep } from './upkeep.ts'
import { refuseTwice, usageText, withWords } from './usage.ts'
import { addVerify } from './verify.ts'
import { addWatch } from './watch.ts'

const EXIT = { refused: 1, usage: 2, unreachable: 3 }

const json = process.argv.includes('--json')

// A reader that has gone, as in `mmt status | head -1`, is no failure; `mmt dev` stops by it.
for (const stream of [process.stdout, process.stderr]) {
  stream.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code === 'EPIPE') return
    process.exit(report(error))
  })
}

const program = withExample(withWords(new Command('mmt')), 'mmt dev --chain chain.ts')
  .description(say('mmt.about'))
  .addOption(languageOption())
  .version(VERSION, '-V, --version', say('mmt.version'))
  .enablePositionalOptions()
  .exitOverride()
  // What commander would say of wrong words, `report` says.
  .configureOutput({ outputError: () => undefined, ...(json && { writeErr: () => undefined }) })
addDev(program)
addStart(program)
addTestnet(program)
addGenesis(program)
addKeys(program)
addTx(program)
addOffline(program)
addShow(program)
addWatch(program)
addNames(program)
addStatus(program)
addDoctor(program)
addVerify(program)
addSnapshot(program)
addUpkeep(program)
addClaim(program)
addCreate(program)
addModule(program)
addContract(program)
addBench(program)
addSim(program)
refuseTwice(program)

try {
  await program.parseAsync()
} catch (error) {
  process.exitCode = report(error)
}

/** Says what went wrong on standard error, and gives the exit code. */
function report(error: unknown): number {
  if (error instanceof CommanderError) {
    if (error.exitCode === 0) return 0
    // Where a command is missing, the help has been shown already.
    if (error.code !== 'commander.help' || json) tell(cliFail.USAGE({ message: usageText(error) }))
    return EXIT.usage
  }
  if (isChainError(error)) {
    tell(error)
    const { code } = error
    if (code === 'client/UNREACHABLE') return EXIT.unreachable
    return ['cli/BAD_FIELD', 'cli/BAD_ARGUMENT', 'cli/USAGE'].includes(code) ? EXIT.usage : EXIT.refused
  }
  if (error instanceof Error && error.name === 'ExitPromptError') return EXIT.refused
  if (isSystemError(error)) {
    const { code = '', path = '', message } = error
    tell(cliFail.SYSTEM({ code, path, why: message }))
    return EXIT.refused
  }
  process.stderr.write(`${error instanceof Error ? error.stack : String(error)}\n`)
  return EXIT.refused
}

/** A call of the operating system that failed: no folder, no permission, no room. */
function isSystemError(error: unknown): error is NodeJS.ErrnoException {
  return (
    error instanceof Error && 'syscall' in error && typeof (error as NodeJS.ErrnoException).code === 'string'
  )
}

function tell(error: ChainError): void {
  const { code, values } = error
  const { message, hint } = explain(error)
  const text = json
    ? toJson({ error: { code, message, hint, values } })
    : `${look(code, 'bad', process.stderr)}: ${message}${hint === '' ? '' : `\n${hint}`}`
  process.stderr.write(`${text}\n`)
}

function toJson(value: unknown): string {
  return JSON.stringify(value, (_, inner) => (typeof inner === 'bigint' ? inner.toString() : inner))
}
