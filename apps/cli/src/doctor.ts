import type { Command } from 'commander'
import { type CommonOptions, homeOf, remote, rpcUrl, transportOf } from './context.ts'
import { checkHome, checkMachine } from './doctor-home.ts'
import { say } from './language.ts'
import { type ChainStatus, type Check, type Health, healthOf } from './node-view.ts'
import { look, print, progress, rows } from './output.ts'

/** `mmt doctor`: what is wrong with a node or its home, and the cure. Ends with code 1 when something is. */
export function addDoctor(program: Command): void {
  remote(program.command('doctor').description(say('doctor.about')), 'mmt doctor --home node1').action(
    async (options: CommonOptions) => {
      const shown = progress(options, { label: say('doctor.label') })
      const checks = await examine(options).finally(() => shown.end())
      const ill = checks.filter(({ ok }) => !ok)
      print(options, { ok: ill.length === 0, checks }, [
        ...rows(checks.map((check) => [mark(check), check.found] as const)),
        ...ill.flatMap(({ name, found, cure }) => ['', `${look(name, 'bad')}: ${found}`, `  ${cure}`]),
        '',
        ill.length === 0
          ? look(say('doctor.well'), 'good')
          : look(say('doctor.ill', { count: ill.length }), 'bad'),
      ])
      if (ill.length > 0) process.exitCode = 1
    },
  )
}

function mark({ ok, name }: Check): string {
  return `${ok ? look('✓', 'good') : look('✗', 'bad')} ${name}`
}

async function examine(options: CommonOptions): Promise<readonly Check[]> {
  const namesNode = (options.rpc ?? process.env.MMT_RPC) !== undefined
  const namesHome = (options.home ?? process.env.MMT_HOME) !== undefined
  // A node that is named alone may be anywhere: neither this machine nor a home here is its.
  if (namesNode && !namesHome) return checkNode(options, await nodeOf(options))
  const { checks, isRunning } = await checkHome(homeOf(options))
  const node = isRunning || namesNode ? checkNode(options, await nodeOf(options)) : []
  return [...(await checkMachine()), ...checks, ...node]
}

interface RunningNode {
  readonly status: ChainStatus
  readonly health: Health | null
}

async function nodeOf(options: CommonOptions): Promise<RunningNode | null> {
  const request = transportOf(options)
  try {
    const status = (await request('chain_status')) as ChainStatus
    return { status, health: await healthOf(request) }
  } catch {
    return null
  }
}

/** What a node that answers says of itself. */
function checkNode(options: CommonOptions, node: RunningNode | null): readonly Check[] {
  const url = rpcUrl(options)
  if (!node)
    return [{ name: 'rpc', ok: false, found: say('doctor.rpc.none', { url }), cure: say('doctor.rpc.cure') }]
  const { status, health } = node
  const { chainId, height } = status
  const found = say('doctor.rpc.answers', { url, chain: chainId, height })
  const rpc: Check = { name: 'rpc', ok: true, found, cure: '' }
  if (!health) return [rpc]
  const ready: Check = {
    name: 'ready',
    ok: health.ready,
    found: say(health.ready ? 'doctor.ready' : 'doctor.notReady'),
    cure: health.ready ? '' : say('doctor.ready.cure'),
  }
  return [rpc, ready, ...health.checks.map((check) => ({ ...check, name: `node ${check.name}` }))]
}
