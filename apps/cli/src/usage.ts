import type { Command, CommanderError, Help } from 'commander'
import { language, say } from './language.ts'
import { look } from './output.ts'

// What commander says itself, in the language of this process.

/** Has a program, and all commands that are made from it, say its help in the language of this process. */
export function withWords(program: Command): Command {
  const titles: Readonly<Record<string, string>> = {
    'Usage:': say('help.usage'),
    'Options:': say('help.options'),
    'Commands:': say('help.commands'),
    'Arguments:': say('help.arguments'),
  }
  return program
    .helpOption('-h, --help', say('help.help'))
    .helpCommand('help [command]', say('help.helpCommand'))
    .configureHelp({
      styleTitle: (title) => look(titles[title] ?? title, 'title'),
      commandUsage: (command) => placeholders(usageOf(command)),
      subcommandTerm: (command) => placeholders(termOf(command)),
      optionDescription: ({ description, defaultValue, argChoices, negate }) => {
        const more = [
          ...(argChoices ? [say('help.choices', { choices: argChoices.join(', ') })] : []),
          ...(defaultValue !== undefined && !negate && `${defaultValue}` !== ''
            ? [say('help.default', { value: String(defaultValue) })]
            : []),
        ]
        return more.length > 0 ? `${description} (${more.join(say('help.comma'))})` : description
      },
    } satisfies Partial<Help>)
}

function usageOf(command: Command): string {
  const names: string[] = []
  for (let one: Command | null = command; one; one = one.parent) names.unshift(one.name())
  return `${names.join(' ')} ${command.usage()}`
}

function termOf(command: Command): string {
  return `${command.name()} ${command.usage()}`
}

function placeholders(text: string): string {
  return text
    .replace('[options]', `[${say('help.word.options')}]`)
    .replace('[command]', `[${say('help.word.command')}]`)
}

const TWICE = 'mmt.optionTwice'

/** Has a command, and those below it, refuse an option with a value that is given twice: which one is meant, nobody should guess. */
export function refuseTwice(command: Command): Command {
  for (const option of command.options) {
    // Those that collect their values read them with a parser of their own; so do choices.
    if (!(option.required || option.optional) || (option.parseArg && !option.argChoices)) continue
    let isGiven = false
    command.on(`option:${option.name()}`, () => {
      if (isGiven)
        command.error(`error: option '${option.flags}' is given twice`, { code: TWICE, exitCode: 1 })
      isGiven = true
    })
  }
  for (const one of command.commands) refuseTwice(one)
  return command
}

/** What is wrong with a command line. */
export function usageText({ code, message }: CommanderError): string {
  if (code === 'commander.help') return say('usage.missingCommand')
  const text = message.replace(/^error: /, '')
  if (language === 'en') return text
  const [what = '', second = ''] = [...text.matchAll(/'([^']*)'/g)].map(([, name]) => name as string)
  const maybe = /Did you mean (.*)\?/.exec(text)?.[1]
  const guess = maybe === undefined ? '' : `\n${say('usage.didYouMean', { name: maybe })}`
  switch (code) {
    case 'commander.unknownOption':
      return `${say('usage.unknownOption', { what })}${guess}`
    case 'commander.unknownCommand':
      return `${say('usage.unknownCommand', { what })}${guess}`
    case 'commander.missingArgument':
      return say('usage.missingArgument', { what })
    case 'commander.optionMissingArgument':
      return say('usage.optionMissingArgument', { what })
    case 'commander.missingMandatoryOptionValue':
      return say('usage.missingOption', { what })
    case TWICE:
      return say('usage.twice', { what })
    case 'commander.invalidArgument': {
      const choices = /Allowed choices are (.*)\.$/.exec(text)?.[1] ?? ''
      return say('usage.invalidArgument', { what, value: second, choices })
    }
    case 'commander.excessArguments': {
      const [want = '', got = ''] = [...text.matchAll(/\d+/g)].map(([number]) => number).slice(-2)
      return say('usage.excessArguments', { want, got })
    }
    default:
      return text
  }
}
