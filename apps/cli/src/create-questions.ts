import { basename, resolve } from 'node:path'
import checkbox from '@inquirer/checkbox'
import input from '@inquirer/input'
import select from '@inquirer/select'
import { type CreateAnswers, DEFAULTS, withNeeded } from './create.ts'
import { say } from './language.ts'
import { checkEmpty } from './scaffold.ts'
import { CREATE_ENGINES, CREATE_MODULES, type CreateModule, isProjectName } from './scaffold-chain.ts'
import { isModuleName } from './scaffold-module.ts'

/** Questions go where progress goes, so that standard output holds results alone. */
const HERE = { output: process.stderr }
/** What stands for the module of one's own among the others. */
const OWN = 'own'

/** Asks for what the words have not said. Throws `cli/FOLDER_NOT_EMPTY` before the other questions. */
export async function askProject(
  given: string | undefined,
  fixed: Partial<CreateAnswers>,
): Promise<CreateAnswers> {
  const folder = given ?? (await input({ message: say('create.ask.folder'), required: true }, HERE))
  checkEmpty(folder)
  const name = fixed.name ?? (await askName(basename(resolve(folder))))
  const chosen: readonly (CreateModule | typeof OWN)[] = fixed.modules ?? (await askModules(fixed.own))
  const modules = withNeeded(chosen.filter((one) => one !== OWN))
  const own = fixed.own ?? (chosen.includes(OWN) ? await askOwn() : undefined)
  const engine = fixed.engine ?? (await askEngine())
  return { folder, name, modules, own, engine }
}

function askName(found: string): Promise<string> {
  return input(
    {
      message: say('create.ask.name'),
      ...(isProjectName(found) && { default: found }),
      validate: (text) => isProjectName(text) || say('want.projectName'),
    },
    HERE,
  )
}

function askModules(own: string | undefined): Promise<readonly (CreateModule | typeof OWN)[]> {
  const choices = CREATE_MODULES.map((value) => ({
    ...{ value, name: say(`create.choice.${value}`) },
    checked: (DEFAULTS.modules as readonly string[]).includes(value),
  }))
  const more = { value: OWN, name: say('create.choice.own'), checked: true } as const
  return checkbox(
    { message: say('create.ask.modules'), choices: own === undefined ? [...choices, more] : choices },
    HERE,
  )
}

function askOwn(): Promise<string> {
  return input(
    {
      message: say('create.ask.own'),
      default: DEFAULTS.own,
      validate: (text) => isModuleName(text) || say('want.moduleName'),
    },
    HERE,
  )
}

function askEngine(): Promise<(typeof CREATE_ENGINES)[number]> {
  const choices = CREATE_ENGINES.map((value) => ({ value, name: say(`create.choice.${value}`) }))
  return select({ message: say('create.ask.engine'), choices, default: DEFAULTS.engine }, HERE)
}
