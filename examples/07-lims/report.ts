import { sha256 } from '@mmtchain/crypto'
import { type Hash, hash, utf8 } from '@mmtchain/primitives'
import encodeQR from 'qr'

/** A report with all that proves it: what `verify.mjs` reads. */
export interface ReportFile {
  /** What was signed, character by character. */
  readonly report: string
  readonly instance: string
  readonly step: string
  /** The row of the signature and its proof, as the method `chain_proof` gives them. */
  readonly row: string
  readonly proof: string
}

export const reportHash = (report: string): Hash => hash(sha256(utf8(report)))

/** What the QR code on the paper says: which report this is. */
export const qrText = ({ report, instance, step }: ReportFile): string =>
  `lims-1:${instance}:${step}:${reportHash(report)}`

/** The QR code as an SVG picture. */
export const qrPicture = (file: ReportFile): string => encodeQR(qrText(file), 'svg')
