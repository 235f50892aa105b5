// Writes holders.csv, 10,000 made-up holders of an ERC-20 token as an explorer exports them, allocation.json, which says
// who among them is not community, and holder-1.key to holder-4.key, with which a claim can be tried. The same seed gives
// the same bytes: `node make-holders.mjs [folder] [seed]`.
//
// The 2,000,000,000 tokens are shared out as the early ones were: 40 % ecosystem fund, 15 % foundation on 108 nodes,
// 15 % team, 5 % angels, 25 % community: a few exchanges and whales, a long tail, and dust.
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { ethereumAddress, keccak256, secp256k1, sha256 } from '@mmtchain/crypto'
import { toHex, utf8 } from '@mmtchain/primitives'

const [folder = '.', seed = 'mmt example'] = process.argv.slice(2)

const TOKEN = 10n ** 18n
const SUPPLY = 2_000_000_000n * TOKEN
const ROWS = 10_000
/** Fewer units than these are worth less than one new unit at 20:1 and 8 decimals. */
const DUST_BELOW = 20n * 10n ** 10n

/**
 * What those of the community own whose keys everyone knows: secret n is SHA-256("mmt example holder n"). The next one is the
 * first of the team.
 */
const KNOWN = ['20000', '1234.567890123456789012', '40.000001999']

const fund = { count: 3, sum: percent(40n) }
const foundation = { count: 108, sum: percent(15n) }
const team = { count: 12, sum: percent(15n) }
const angels = { count: 20, sum: percent(5n) }
const dust = { count: 400 }

let made = 0
const classes = {
  ecosystem: holders(fund.count, (n) => 100n / 3n ** n, fund.sum),
  foundation: holders(foundation.count, () => 1n, foundation.sum),
  team: holders(team.count, (n) => 1000n / (n + 2n), team.sum),
  angels: holders(angels.count, () => 500n + chance(1000n), angels.sum),
}
classes.team[0].address = knownAddress(KNOWN.length + 1)
const known = KNOWN.map((balance, n) => ({ address: knownAddress(n + 1), units: unitsOf(balance) }))
const dusty = Array.from({ length: dust.count }, () => ({
  address: newAddress(),
  units: 1n + chance(DUST_BELOW - 1n),
}))
const listed = Object.values(classes).flat()
const before = [...listed, ...known, ...dusty]
// The n-th largest holds like 1/n among the exchanges and like 1/n² in the tail.
const weight = (n) => ((500n + chance(1000n)) * TOKEN) / ((n + 1n) * (n + 41n))
const community = holders(ROWS - before.length, weight, SUPPLY - sumOf(before), { round: true })
const all = [...before, ...community].sort(
  (a, b) => Number(b.units > a.units) - Number(b.units < a.units) || (a.address < b.address ? -1 : 1),
)
if (all.length !== ROWS || sumOf(all) !== SUPPLY) throw new Error('The holders do not add up.')

const line = (...cells) => `${cells.map((cell) => `"${cell}"`).join(',')}\n`
const csv = [
  line('HolderAddress', 'Balance', 'PendingBalanceUpdate'),
  ...all.map(({ address, units }) => line(checksummed(address), written(units), 'No')),
]
const addressesOf = (rows) => rows.map(({ address }) => checksummed(address))
// What moves, and when, is the preset's; here stands only who is who.
const allocation = {
  preset: 'mmt',
  classes: Object.fromEntries(
    Object.entries(classes).map(([name, rows]) => [name, { addresses: addressesOf(rows) }]),
  ),
}
mkdirSync(folder, { recursive: true })
writeFileSync(join(folder, 'holders.csv'), csv.join(''))
writeFileSync(join(folder, 'allocation.json'), `${JSON.stringify(allocation, null, 2)}\n`)
for (let n = 1; n <= KNOWN.length + 1; n++)
  writeFileSync(join(folder, `holder-${n}.key`), `${toHex(knownSecret(n))}\n`)

function percent(share) {
  return (SUPPLY * share) / 100n
}

function sumOf(rows) {
  return rows.reduce((sum, { units }) => sum + units, 0n)
}

/** `count` new holders who share `sum` by weight. With `round`, a third own whole tokens. The first gets what is over. */
function holders(count, weightOf, sum, { round = false } = {}) {
  const weights = Array.from({ length: count }, (_, n) => weightOf(BigInt(n)))
  const whole = weights.reduce((total, one) => total + one, 0n)
  const rows = weights.map((one, n) => {
    const units = (sum * one) / whole
    return { address: newAddress(), units: round && n % 3 === 0 ? units - (units % TOKEN) : units }
  })
  rows[0].units += sum - sumOf(rows)
  return rows
}

function newAddress() {
  return toHex(sha256(utf8(`${seed} address ${made++}`)).slice(0, 20))
}

function knownSecret(n) {
  return sha256(utf8(`mmt example holder ${n}`))
}

function knownAddress(n) {
  return toHex(ethereumAddress(secp256k1.publicKey(knownSecret(n))))
}

/** A number from 0 to below `bound`, the next of the seed's sequence. */
function chance(bound) {
  return BigInt(`0x${toHex(sha256(utf8(`${seed} number ${made++}`)))}`) % bound
}

/** EIP-55. */
function checksummed(address) {
  const mask = toHex(keccak256(utf8(address)))
  return `0x${Array.from(address, (digit, at) => (mask[at] > '7' ? digit.toUpperCase() : digit)).join('')}`
}

function unitsOf(balance) {
  const [tokens, fraction = ''] = balance.split('.')
  return BigInt(tokens + fraction.padEnd(18, '0'))
}

/** Decimal, and like an explorer in scientific notation below 0.0001. */
function written(units) {
  const digits = units.toString()
  if (units < 10n ** 14n) {
    const [first, ...rest] = digits.replace(/0+$/, '')
    return `${first}${rest.length > 0 ? `.${rest.join('')}` : ''}E-${19 - digits.length}`
  }
  const padded = digits.padStart(19, '0')
  const fraction = padded.slice(-18).replace(/0+$/, '')
  return `${padded.slice(0, -18)}${fraction === '' ? '' : `.${fraction}`}`
}
