import { silentLog, systemHost } from '@mmtchain/node-runtime'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

const DAY_MS = 86_400_000

test('a timer fires at its time, also when that is further off than the platform counts', async () => {
  const host = systemHost(silentLog)
  let fired = 0
  host.setTimer(host.nowMs() + BigInt(60 * DAY_MS), () => fired++)
  await vi.advanceTimersByTimeAsync(60 * DAY_MS - 1)
  expect(fired).toBe(0)
  await vi.advanceTimersByTimeAsync(1)
  expect(fired).toBe(1)
})

test('a cancelled timer does not fire, neither before nor after it was set anew', async () => {
  const host = systemHost(silentLog)
  let fired = 0
  const cancels = [30, 60].map((days) => host.setTimer(host.nowMs() + BigInt(days * DAY_MS), () => fired++))
  await vi.advanceTimersByTimeAsync(26 * DAY_MS)
  for (const cancel of cancels) cancel()
  await vi.advanceTimersByTimeAsync(60 * DAY_MS)
  expect(fired).toBe(0)
})

test('a timer never fires before its time by the wall clock, whatever the platform’s own timers count by', async () => {
  const host = systemHost(silentLog)
  let fired = 0
  const atMs = host.nowMs() + 1_000n
  host.setTimer(atMs, () => fired++)
  await vi.advanceTimersByTimeAsync(500)
  // The wall clock is set back by 3 ms.
  vi.setSystemTime(Date.now() - 3)
  await vi.advanceTimersByTimeAsync(500)
  expect([fired, atMs - host.nowMs()]).toEqual([0, 3n])
  await vi.advanceTimersByTimeAsync(3)
  expect(fired).toBe(1)
})
