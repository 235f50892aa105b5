// Operations a second of every suite and backend, and their ratio to noble, in one run:
//   node packages/crypto/bench/signatures.bench.mjs
import {
  ed25519,
  mlDsa65,
  recoverEthereumAddress,
  secp256k1,
  secp256k1Backends,
  selectEd25519Backend,
  selectSecp256k1Backend,
  signEthereumText,
} from '@mmtchain/crypto'
import { interleaved } from './interleaved.mjs'

const message = new Uint8Array(200).fill(1)
const ethereum = {
  text: 'MMT claim',
  signature: signEthereumText({ text: 'MMT claim', secret: new Uint8Array(32).fill(1) }),
}

function operations(suite, select) {
  const secrets = Array.from({ length: 64 }, () => suite.generateSecret())
  const claims = secrets.map((secret) => ({
    key: suite.publicKey(secret),
    message,
    signature: suite.sign(message, secret),
  }))
  // Every call takes the next key, so that no timing rests on a few lucky ones.
  let turn = 0
  const with_ = (operation) => () => {
    select()
    operation(turn++ & 63)
  }
  return {
    verify: with_((i) => suite.verify(claims[i])),
    sign: with_((i) => suite.sign(message, secrets[i])),
    publicKey: with_((i) => suite.publicKey(secrets[i])),
  }
}

const subjects = Object.fromEntries([
  ...secp256k1Backends().map((name) => {
    const select = () => selectSecp256k1Backend(name)
    const recover = () => {
      select()
      recoverEthereumAddress(ethereum)
    }
    return [`secp256k1 ${name}`, { ...operations(secp256k1, select), recover }]
  }),
  ...['openssl', 'noble'].map((name) => [
    `ed25519 ${name}`,
    operations(ed25519, () => selectEd25519Backend(name)),
  ]),
  ['ml-dsa-65 noble', operations(mlDsa65, () => {})],
])

for (const operation of ['verify', 'sign', 'recover', 'publicKey']) {
  const able = Object.entries(subjects).filter(([, has]) => has[operation])
  const times = interleaved(Object.fromEntries(able.map(([name, has]) => [name, has[operation]])))
  for (const [name, time] of Object.entries(times)) {
    const noble = times[`${name.split(' ')[0]} noble`]
    const ratio = `${(noble / time).toFixed(1)} x noble`
    console.log(
      `${operation.padEnd(10)} ${name.padEnd(18)} ${Math.round(1e9 / time)
        .toString()
        .padStart(7)}/s  ${ratio}`,
    )
  }
}
