import { dpos } from '@mmtchain/consensus-dpos'
import { pbft } from '@mmtchain/consensus-pbft'
import { type Outcome, planOf, planText, runPlan, shrink, timelineText } from '@mmtchain/simulator'
import { type Command, Option } from 'commander'
import { type CommonOptions, common } from './context.ts'
import { say } from './language.ts'
import { look, print, rows } from './output.ts'
import { cliFail } from './refusals.ts'

const SEED_MAX = 2 ** 32
const MINUTES_MAX = 1_440
const NODES_MAX = 31

interface SimOptions extends CommonOptions {
  readonly seed: string
  readonly minutes?: string
  readonly nodes?: string
  readonly engine: keyof typeof setups
}

const setups = {
  pbft: { name: 'pbft', engine: () => pbft() },
  dpos: { name: 'dpos', engine: () => dpos() },
}

/** `mmt sim`: one seed of the simulator. A run that breaks a rule is shrunk, its timeline shown, and the command refused. */
export function addSim(program: Command): void {
  common(program.command('sim').description(say('sim.about')), 'mmt sim --seed 7 --minutes 2 --nodes 4')
    .requiredOption('--seed <number>', say('sim.seed'))
    .option('--minutes <count>', say('sim.minutes'))
    .option('--nodes <count>', say('sim.nodes'))
    .addOption(new Option('--engine <name>', say('sim.engine')).choices(Object.keys(setups)).default('pbft'))
    .action(async (options: SimOptions) => sim(options))
}

async function sim(options: SimOptions): Promise<void> {
  const setup = setups[options.engine]
  const seed = whole('--seed', options.seed, SEED_MAX)
  const minutes = options.minutes === undefined ? undefined : whole('--minutes', options.minutes, MINUTES_MAX)
  const validators = options.nodes === undefined ? undefined : whole('--nodes', options.nodes, NODES_MAX)
  const plan = planOf(seed, { minutes, validators })
  const outcome = await runPlan({ plan, setup })
  show(options, outcome)
  if (!outcome.violation) return
  const shrunk = await shrink({ plan, setup })
  if (shrunk && !options.json) {
    const { timeline } = await runPlan({ plan: shrunk.plan, setup, record: true })
    process.stdout.write(`${planText(shrunk.plan)}\n\n${timelineText(timeline)}\n`)
  }
  const { rule, what } = outcome.violation
  throw cliFail.SIMULATION_FAILED({ rule, what, seed: String(seed) })
}

function show(
  options: SimOptions,
  { plan, violation, trace, height, steps, messages, lastedMs }: Outcome,
): void {
  const seconds = lastedMs / 1_000
  const { seed, validators } = plan
  print(
    options,
    {
      seed,
      validators,
      height: String(height),
      seconds,
      steps,
      messages,
      trace,
      violation: violation ?? null,
    },
    [
      look(say(violation ? 'sim.broken' : 'sim.held', { seed }), violation ? 'bad' : 'good'),
      ...rows([
        [say('sim.row.validators'), String(validators)],
        [say('sim.row.height'), String(height)],
        [say('sim.row.seconds'), String(seconds)],
        [say('sim.row.messages'), String(messages)],
        [say('sim.row.trace'), trace],
      ]),
    ],
  )
}

function whole(name: string, text: string, max: number): number {
  if (!/^(0|[1-9]\d{0,9})$/.test(text) || Number(text) > max)
    throw cliFail.BAD_ARGUMENT({ name, value: text, want: say('want.count') })
  return Number(text)
}
