import password from '@inquirer/password'
import { type AskPassphrase, passphraseFromFile } from '@mmtchain/node'
import { say } from './language.ts'

const LENGTH_MIN = 8

/** Takes the passphrase from `MMT_PASSPHRASE_FILE`, or asks for it on the terminal, twice for a new key. */
export const askPassphrase: AskPassphrase = async (key) => {
  if (process.env.MMT_PASSPHRASE_FILE || !process.stdin.isTTY) return passphraseFromFile(key)
  const first = await password(
    {
      message: key.isNew
        ? say('keys.newPassphrase', { name: key.name })
        : say('keys.passphrase', { name: key.name }),
      mask: true,
      validate: (text) =>
        !key.isNew || text.length >= LENGTH_MIN || say('keys.passphraseShort', { min: LENGTH_MIN }),
    },
    { output: process.stderr },
  )
  if (!key.isNew) return first
  await password(
    {
      message: say('keys.passphraseAgain'),
      mask: true,
      validate: (text) => text === first || say('keys.passphraseDiffers'),
    },
    { output: process.stderr },
  )
  return first
}
