// What people see who sit at a terminal: `script` gives the commands one, and the test types.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterEach, beforeEach, expect, test } from 'vitest'

const mmt = fileURLToPath(new URL('../../apps/cli/bin/mmt.mjs', import.meta.url))
const ENTER = '\r'
const DOWN = '\u001b[B'
const CTRL_C = '\u0003'
const ESCAPES = new RegExp(`${'\u001b'}\\[[0-9;?]*[a-zA-Z]`, 'g')

let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'mmt-terminal-'))
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

/** Runs `mmt` on a terminal in the test's folder. */
function atTerminal(words: string, env: NodeJS.ProcessEnv = {}) {
  const { NO_COLOR: _, MMT_PASSPHRASE_FILE: __, CI: ___, ...rest } = process.env
  const child = spawn('script', ['-qfec', `${process.execPath} ${mmt} ${words}`, '/dev/null'], {
    cwd: folder,
    env: { ...rest, TERM: 'xterm-256color', LANG: 'C.UTF-8', ...env },
  })
  let raw = ''
  let looked = 0
  child.stdout.setEncoding('utf8').on('data', (piece: string) => {
    raw += piece
  })
  const ended = once(child, 'close').then(([code]) => code as number)
  return {
    /** Waits until the text is there, beyond what was waited for before, then types. */
    async answer(text: string, keys: string): Promise<void> {
      for (;;) {
        const found = raw.replace(ESCAPES, '').indexOf(text, looked)
        if (found >= 0) break
        if (child.exitCode !== null) throw new Error(`ended without asking «${text}»:\n${raw}`)
        await new Promise((resolve) => setTimeout(resolve, 50))
      }
      looked = raw.replace(ESCAPES, '').length
      child.stdin.write(keys)
    },
    ended,
    raw: () => raw,
    plain: () => raw.replace(ESCAPES, ''),
  }
}

test('a passphrase is asked twice, until both are the same, and never shown', {
  timeout: 120_000,
}, async () => {
  const home = join(folder, 'home')
  const made = atTerminal(`keys new ann --home ${home}`)
  await made.answer('A passphrase for the new key ann', `qwert${ENTER}`)
  await made.answer('at least 8 characters', `${'\b'.repeat(5)}correct horse${ENTER}`)
  await made.answer('The same again', `correct house${ENTER}`)
  await made.answer('differs from the first', `${'\b'.repeat(13)}correct horse${ENTER}`)
  expect(await made.ended, made.plain()).toBe(0)
  expect(made.plain()).toContain('Key ann is stored')
  expect(made.plain()).not.toMatch(/correct ho[ru]se|qwert/)
  // In colours, where the terminal has them.
  expect(made.raw()).toContain('\u001b[32mKey ann is stored')

  const wrong = atTerminal(`keys export ann --home ${home} --out ann.secret`, { NO_COLOR: '1' })
  await wrong.answer('ann', `something else${ENTER}`)
  expect(await wrong.ended).toBe(1)
  expect(wrong.plain()).toContain('crypto/KEYSTORE_WRONG_PASSPHRASE')
})

test('mmt create asks for what it was not told', { timeout: 300_000 }, async () => {
  const made = atTerminal('create')
  await made.answer('A folder for the project', `harbour${ENTER}`)
  await made.answer('The name of the project and its chain', ENTER)
  // Beside the token and a module of one's own, which are chosen already.
  await made.answer('What the chain has', `${DOWN}${DOWN} ${ENTER}`)
  await made.answer('The name of your own module', `Ledger!${ENTER}`)
  await made.answer('a name of up to 32', `${'\b'.repeat(7)}ledger${ENTER}`)
  await made.answer('Who makes the blocks', `${DOWN}${ENTER}`)
  expect(await made.ended, made.plain()).toBe(0)
  expect(made.plain()).toContain('harbour is ready')
  const chain = readFileSync(join(folder, 'harbour/chain.ts'), 'utf8')
  for (const part of ["'harbour'", 'token(', 'admin(', 'ledger', 'pbft(']) expect(chain).toContain(part)
  expect(chain).not.toContain('election(')
})

test('Ctrl-C at a question ends the command, and nothing is made', { timeout: 300_000 }, async () => {
  const left = atTerminal('create harbour')
  await left.answer('?', CTRL_C)
  expect(await left.ended).not.toBe(0)
  expect(left.plain()).not.toMatch(/^ {4}at /m)
  expect(existsSync(join(folder, 'harbour'))).toBe(false)
})
