// Makes openssl-ml-dsa-65.json with the ML-DSA-65 of OpenSSL 3.5, which shares no code with the package under test:
//   npx -y -p node@24 node openssl-ml-dsa-65.mjs
// OpenSSL signs with randomness, so the signatures differ from run to run; each is valid. `deterministic` is the SHA-256
// of the package's own signature, written only after OpenSSL has verified that signature.
import { createHash, createPrivateKey, createPublicKey, sign, verify } from 'node:crypto'
import { writeFileSync } from 'node:fs'
import { mlDsa65 } from '@mmtchain/crypto'

const PKCS8_OF_SEED = Buffer.from('3034020100300b060960864801650304031204228020', 'hex')
const hash = (bytes) => createHash('sha256').update(bytes).digest()

const vectors = ['', 'ML-DSA', 'x'.repeat(10_000)].map((text, i) => {
  const seed = hash(`ml-dsa-65 seed ${i}`)
  const message = Buffer.from(text)
  const secret = createPrivateKey({
    key: Buffer.concat([PKCS8_OF_SEED, seed]),
    format: 'der',
    type: 'pkcs8',
  })
  const spki = createPublicKey(secret)
  const key = spki.export({ format: 'der', type: 'spki' }).subarray(-1952)
  const own = mlDsa65.sign(message, seed)
  if (!verify(null, message, spki, own)) throw new Error('OpenSSL refuses a signature of the package')
  return {
    secret: seed.toString('hex'),
    key: key.toString('hex'),
    message: message.toString('hex'),
    signature: sign(null, message, secret).toString('hex'),
    deterministic: hash(own).toString('hex'),
  }
})
const document = { source: `OpenSSL ${process.versions.openssl}, by openssl-ml-dsa-65.mjs`, vectors }
writeFileSync(new URL('openssl-ml-dsa-65.json', import.meta.url), `${JSON.stringify(document, null, 2)}\n`)
