import { defineChain, solo } from '@mmtchain/kernel'
import { type Definition, process, type Transition } from '@mmtchain/process'

/** A laboratory whose reports anybody can check: nothing but the workflow below. */
export const chain = defineChain({
  id: 'lims-1',
  addressPrefix: 'lims',
  slotMs: 1_000,
  consensus: solo(),
}).use(process())

const DAY_MS = 86_400_000n
const role = (value: string) => ({ kind: 'role', value }) as const
const step = (
  id: string,
  title: string,
  from: string,
  to: string,
  more: Partial<Transition>,
): Transition => ({
  ...{ id, title, from: [from], to, by: role('director'), approvals: 1, otherThan: [], sets: [], needs: [] },
  ...{ guards: [], attachments: [], effect: null },
  ...more,
})
const state = (id: string) => ({ id, final: false, deadline: null, sub: null })

/** Sample → assignment → test → review by a second person → quality control → signed report. */
export const sample: Definition = {
  ...{
    id: 'sample',
    title: 'Sample of drinking water',
    starters: role('sampler'),
    sets: ['place'],
    start: 'received',
  },
  roles: ['sampler', 'director', 'reviewer', 'quality'].map((id) => ({ id, title: id })),
  fields: [
    { id: 'place', kind: { kind: 'text', value: null } },
    { id: 'analyst', kind: { kind: 'account', value: null } },
    // In nanograms a litre, so that it is whole.
    { id: 'lead', kind: { kind: 'number', value: null } },
  ],
  states: [
    { ...state('received'), deadline: { afterMs: 14n * DAY_MS, to: 'spoiled' } },
    ...['assigned', 'tested', 'reviewed', 'controlled'].map(state),
    ...['reported', 'spoiled'].map((id) => ({ ...state(id), final: true })),
  ],
  transitions: [
    step('assign', 'Assign to an analyst', 'received', 'assigned', {
      sets: ['analyst'],
      needs: ['analyst', 'place'],
    }),
    step('test', 'Test', 'assigned', 'tested', {
      ...{
        by: { kind: 'field', value: 'analyst' },
        sets: ['lead'],
        needs: ['lead'],
        attachments: ['rawData'],
      },
    }),
    step('review', 'Review', 'tested', 'reviewed', { by: role('reviewer'), otherThan: ['test'] }),
    step('repeat', 'Test again', 'tested', 'assigned', { by: role('reviewer'), otherThan: ['test'] }),
    step('control', 'Control the quality', 'reviewed', 'controlled', {
      ...{ by: role('quality'), otherThan: ['test', 'review'], attachments: ['controlSample'] },
    }),
    step('doubt', 'Send back', 'reviewed', 'assigned', {
      by: role('quality'),
      otherThan: ['test', 'review'],
    }),
    step('sign', 'Sign the report', 'controlled', 'reported', {
      otherThan: ['test'],
      attachments: ['report'],
    }),
  ],
}
