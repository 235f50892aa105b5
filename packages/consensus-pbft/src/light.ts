export { lightRefusals } from './refusals.ts'
