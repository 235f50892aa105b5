import type { Outcome, Value } from '@mmtchain/vm-sandbox'
import { expect, test } from 'vitest'
import { type Attack, attacks } from './attacks.ts'
import { answer, kept, main, newWorld, run } from './run.ts'

const stops = ['sandbox/OUT_OF_GAS', 'sandbox/OUT_OF_MEMORY', 'sandbox/OUT_OF_STACK']
const sound = [
  ...stops,
  ...'BAD_CODE THREW NEVER_SETTLED BAD_RESULT'.split(' ').map((key) => `sandbox/${key}`),
]

function check(outcome: Outcome<Value>, [, , expected]: Attack): void {
  if (expected === 'harmless') {
    if (!outcome.ok) expect(sound).toContain(outcome.error.code)
  } else if (expected === 'stopped') {
    expect(stops).toContain(outcome.ok ? outcome.value : outcome.error.code)
  } else if ('gives' in expected) expect(answer(outcome)).toEqual(expected.gives)
  else if ('ends' in expected) expect(answer(outcome)).toEqual({ error: `sandbox/${expected.ends}` })
  else {
    expect(answer(outcome)).toEqual({ error: 'sandbox/THREW' })
    if (!outcome.ok) expect(outcome.error.message).toContain(expected.throws)
  }
}

test('the corpus has at least a hundred attacks, each with a name of its own', () => {
  expect(attacks.length).toBeGreaterThanOrEqual(100)
  expect(new Set(attacks.map(([name]) => name)).size).toBe(attacks.length)
})

test.each(attacks)('%s', (...attack) => {
  const code = main(attack[1])
  const first = run(code)
  check(first, attack)
  expect(first.gasUsed).toBeLessThanOrEqual(200_000_000n)
  // A second time it goes the same way, to the last gas.
  expect(kept(run(code))).toEqual(kept(first))
})

test('what a stopped call did to the host is told, and nothing after the stop', () => {
  const world = newWorld()
  run(main('host.event("early", 1); try { for (;;); } finally { host.event("late", 1) }'), { world })
  expect(world.events).toEqual(['early 1'])
})

test('after all attacks an honest call goes as before them', () => {
  const code = main(
    'host.put("a", new Uint8Array([1])); return [host.get("a")[0], Math.random(), [3, 1, 2].sort()].join()',
  )
  const before = kept(run(code))
  for (const [, body] of attacks) run(main(body), { gasMax: 3_000_000n })
  expect(kept(run(code))).toEqual(before)
})
