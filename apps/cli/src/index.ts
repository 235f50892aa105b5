// What tests and documentation tools read; people use the command.
export { sharesOf } from './bench-profile.ts'
export { addFields, readFields } from './fields.ts'
export { importErc20Refusals } from './import-erc20.ts'
export { catalogues, explain, explainCheck, type Language, languageOf } from './language.ts'
export { cliRefusals } from './refusals.ts'
export {
  CREATE_ENGINES,
  CREATE_MODULES,
  isProjectName,
  type ProjectPlan,
  projectFiles,
} from './scaffold-chain.ts'
export { isModuleName, moduleFiles } from './scaffold-module.ts'
export { zhHealth } from './words/zh-health.ts'
export { zhRefusals } from './words/zh-refusals.ts'
export { youngSpaceFlags } from './young-space.ts'
