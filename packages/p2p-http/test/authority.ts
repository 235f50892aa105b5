// An alliance's authority, made with another library than the nodes' own.
import 'reflect-metadata'
import { webcrypto } from 'node:crypto'
import * as x509 from '@peculiar/x509'

x509.cryptoProvider.set(webcrypto as never)

const ALGORITHM = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' }
const DAY_MS = 86_400_000

export interface Authority {
  /** The certificate of the authority, PEM. */
  readonly authority: string
  /** A certificate for a node, with its key, PEM. */
  issue(
    name: string,
    days?: { readonly from: number; readonly to: number },
  ): Promise<{ cert: string; key: string }>
}

export async function makeAuthority(name: string): Promise<Authority> {
  const keys = await makeKeys()
  const validity = { notBefore: daysFromNow(-10), notAfter: daysFromNow(10) }
  const own = await x509.X509CertificateGenerator.createSelfSigned({
    serialNumber: '01',
    name: `CN=${name}`,
    ...validity,
    keys,
    signingAlgorithm: ALGORITHM,
    extensions: [new x509.BasicConstraintsExtension(true, 1, true)],
  })
  let serial = 1
  return {
    authority: own.toString('pem'),
    async issue(subject, { from, to } = { from: -1, to: 1 }) {
      const { publicKey, privateKey } = await makeKeys()
      serial += 1
      const certificate = await x509.X509CertificateGenerator.create({
        serialNumber: serial.toString(16).padStart(2, '0'),
        subject: `CN=${subject}`,
        issuer: own.subject,
        notBefore: daysFromNow(from),
        notAfter: daysFromNow(to),
        publicKey,
        signingKey: keys.privateKey,
        signingAlgorithm: ALGORITHM,
      })
      const der = await webcrypto.subtle.exportKey('pkcs8', privateKey as never)
      return { cert: certificate.toString('pem'), key: x509.PemConverter.encode(der, 'PRIVATE KEY') }
    },
  }
}

const daysFromNow = (days: number) => new Date(Date.now() + days * DAY_MS)

function makeKeys(): Promise<CryptoKeyPair> {
  return webcrypto.subtle.generateKey(ALGORITHM, true, ['sign', 'verify']) as Promise<CryptoKeyPair>
}
