import password from '@inquirer/password'
import { type AskPassphrase, passphraseFromFile } from '@mmtchain/node'

const LENGTH_MIN = 8

/** Takes the passphrase from `MMT_PASSPHRASE_FILE`, or asks for it on the terminal, twice for a new key. */
export const askPassphrase: AskPassphrase = async (key) => {
  if (process.env.MMT_PASSPHRASE_FILE || !process.stdin.isTTY) return passphraseFromFile(key)
  const first = await password(
    {
      message: key.isNew ? `A passphrase for the new key ${key.name}` : `Passphrase of ${key.name}`,
      mask: true,
      validate: (text) => !key.isNew || text.length >= LENGTH_MIN || `Use at least ${LENGTH_MIN} characters.`,
    },
    { output: process.stderr },
  )
  if (!key.isNew) return first
  await password(
    {
      message: 'The same again',
      mask: true,
      validate: (text) => text === first || 'It differs from the first.',
    },
    { output: process.stderr },
  )
  return first
}
