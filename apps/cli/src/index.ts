// What tests and documentation tools read; people use the command.
export { importErc20Refusals } from './import-erc20.ts'
export { cliRefusals } from './refusals.ts'
