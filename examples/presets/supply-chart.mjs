// Draws supply and reward of MMT over ten years: node examples/presets/supply-chart.mjs [--check]
import { readFileSync, writeFileSync } from 'node:fs'
import { amount } from '@mmtchain/primitives'
import { rewardAt, rewardsUpTo, steps } from '@mmtchain/token-rewards'

const FILE = new URL('../../docs/charts/mmt-supply.svg', import.meta.url)
const BLOCKS_A_YEAR = 3_153_600n
const YEARS = 10
const GENESIS = 100_000_000
const UNITS = 100_000_000n
const curve = steps({ every: 2_877_120n, amounts: [5n, 4n, 3n, 2n, 1n].map((one) => amount(one * UNITS)) })

const [width, height, left, top, right, bottom] = [760, 380, 70, 40, 60, 40]
const [supplyMin, supplyMax, rewardMax] = [100, 170, 6]
const x = (year) => left + ((width - left - right) * year) / YEARS
const y = (share) => height - bottom - (height - top - bottom) * share
const fixed = (number) => number.toFixed(1)

const points = Array.from({ length: YEARS * 12 + 1 }, (_, month) => {
  const blocks = (BLOCKS_A_YEAR * BigInt(month)) / 12n
  const millions = (GENESIS + Number(rewardsUpTo(curve, blocks) / UNITS)) / 1e6
  const reward = Number(rewardAt(curve, blocks === 0n ? 1n : blocks) / UNITS)
  return { year: month / 12, millions, reward }
})
const supply = points.map(
  (one) => `${fixed(x(one.year))},${fixed(y((one.millions - supplyMin) / (supplyMax - supplyMin)))}`,
)
const reward = points.flatMap((one, i) => {
  const before = points[i - 1]?.reward
  const at = (tokens) => `${fixed(x(one.year))},${fixed(y(tokens / rewardMax))}`
  return before !== undefined && before !== one.reward ? [at(before), at(one.reward)] : [at(one.reward)]
})
const text = (at, words, anchor = 'middle') =>
  `<text x="${fixed(at[0])}" y="${fixed(at[1])}" text-anchor="${anchor}">${words}</text>`
const years = Array.from({ length: YEARS + 1 }, (_, year) =>
  text([x(year), height - bottom + 18], String(year)),
)
const millions = Array.from({ length: 8 }, (_, i) =>
  text([left - 8, y(i / 7) + 4], String(supplyMin + 10 * i), 'end'),
)
const tokens = Array.from({ length: 7 }, (_, i) =>
  text([width - right + 8, y(i / 6) + 4], String(i), 'start'),
)
const last = points.at(-1)
const svg = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" font-family="sans-serif" font-size="12" role="img">
<title>MMT: supply and block reward over ten years of 10 s blocks</title>
<rect width="${width}" height="${height}" fill="#fff"/>
<path d="M${left},${top} V${height - bottom} H${width - right} V${top}" fill="none" stroke="#888"/>
<polyline points="${supply.join(' ')}" fill="none" stroke="#1155aa" stroke-width="2.5"/>
<polyline points="${reward.join(' ')}" fill="none" stroke="#cc5500" stroke-width="2" stroke-dasharray="6 3"/>
${[...years, ...millions, ...tokens].join('\n')}
${text([left, top - 16], 'supply, million tokens (line)', 'start')}
${text([width - right, top - 16], 'reward, tokens a block (dashes)', 'end')}
${text([width / 2, height - 6], `years; ${last.millions.toFixed(4)} million tokens after ten`)}
</svg>
`
if (process.argv.includes('--check')) {
  if (readFileSync(FILE, 'utf8') !== svg)
    throw new Error('docs/charts/mmt-supply.svg is not what this script draws; run it')
} else writeFileSync(FILE, svg)
console.log(`supply after ten years: ${last.millions.toFixed(4)} million`)
