// The process that has the key: node signer-process.mjs SOCKET SIGN_STATE FINGERPRINT. Says when it listens.
import { existsSync, rmSync } from 'node:fs'
import { createServer } from 'node:net'
import { secp256k1 } from '@mmtchain/crypto'
import {
  localSigner,
  openSignState,
  serveSigner,
  silentLog,
  systemFile,
  writeSignState,
} from '@mmtchain/node-runtime'
import { hash } from '@mmtchain/primitives'
import { testAccount } from '@mmtchain/testkit'

const [socketPath, statePath, hex] = process.argv.slice(2)
const fingerprint = hash(hex)
const { secret, address } = testAccount('validator')
const isNew = !existsSync(statePath)
const file = await systemFile(statePath, 'create')
if (isNew) await writeSignState(file, { fingerprint })
const publicKey = { suite: secp256k1.code, key: secp256k1.publicKey(secret) }
const state = await openSignState({ file, owner: { fingerprint, address, publicKey }, log: silentLog })
const signer = localSigner({ key: { address, suite: secp256k1, secret }, state })
rmSync(socketPath, { force: true })
createServer((socket) => {
  socket.on('error', () => undefined)
  const link = {
    write: (bytes) => void socket.write(bytes),
    onBytes: (listener) => void socket.on('data', listener),
    onEnd: (listener) => void socket.on('close', listener),
    end: () => void socket.end(),
  }
  void serveSigner(signer, { link, fingerprint })
}).listen(socketPath, () => process.send('listens'))
