export { type CrmReads, crm } from './crm.ts'
export { DUE_MAX } from './customers.ts'
export { EXPIRED_MAX, type Programme } from './programmes.ts'
export { crmRefusals } from './refusals.ts'
