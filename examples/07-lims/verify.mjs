// Checks a report without a node: node verify.mjs report.json header.json [QR text]
// The header is what the reader trusts: from a node of its own, from a light client, or from a notice. Everything else may come from anybody.
import { readFileSync } from 'node:fs'
import { decode, fromJson } from '@mmtchain/codec'
import { sha256 } from '@mmtchain/crypto'
import { header as headerCodec } from '@mmtchain/kernel'
import { formatAddress, fromHex, toHex, utf8 } from '@mmtchain/primitives'
import { historyKey, historyStep } from '@mmtchain/process'
import { verifyStateProof } from '@mmtchain/storage-merkle/verify'

const PREFIX = 'lims'
const refuse = (why) => {
  console.error(`NOT GENUINE: ${why}`)
  process.exit(1)
}

const [reportPath, headerPath, scanned] = process.argv.slice(2)
if (!reportPath || !headerPath) {
  console.error('usage: node verify.mjs report.json header.json [QR text]')
  process.exit(2)
}
const file = JSON.parse(readFileSync(reportPath, 'utf8'))
const header = fromJson(headerCodec, JSON.parse(readFileSync(headerPath, 'utf8')), { addressPrefix: PREFIX })
const digest = toHex(sha256(utf8(file.report)))
if (scanned !== undefined && scanned !== `lims-1:${file.instance}:${file.step}:${digest}`)
  refuse('the QR code is of another report')

let value
try {
  value = fromHex(file.row)
  const key = historyKey({ instance: BigInt(file.instance), step: BigInt(file.step) })
  verifyStateProof({ root: header.stateRoot, rows: [{ key, value }], proof: fromHex(file.proof) })
} catch (error) {
  refuse(`the proof does not lead to this header (${error.message})`)
}
const { what, actors, attachments, timeMs } = decode(historyStep, value)
const signed = attachments.find(({ name }) => name === 'report')
if (what !== 'sign' || !signed) refuse('that step signs no report')
if (signed.hash !== digest) refuse('the report is not the one that was signed')
const who = actors.map((one) => formatAddress(one, { prefix: PREFIX })).join(', ')
console.log(
  `GENUINE: signed by ${who} on ${new Date(Number(timeMs)).toISOString()}, in the state of block ${header.height}`,
)
