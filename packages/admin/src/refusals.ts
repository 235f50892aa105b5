import type { Address } from '@mmtchain/primitives'

/** The refusals of the module `admin`. */
export const adminRefusals = {
  // Before a command.
  FROZEN: (d: { who: Address }) => ({
    message: `${d.who} is frozen.`,
    hint: 'A proposal of the kind freezeAccount lifts it.',
  }),
  READ_ONLY: (d: { who: Address; organisation: string }) => ({
    message: `${d.who} is a regulator of ${d.organisation}, who reads and changes nothing.`,
    hint: 'Use another account; a regulator may rotate its keys, decline an invitation and leave.',
  }),
  MODULE_FROZEN: (d: { module: string }) => ({
    message: `The module ${d.module} is frozen.`,
    hint: 'A proposal of the kind freezeModule lifts it.',
  }),
  NOT_PERMITTED: (d: {
    who: Address
    command: string
    roles: readonly string[]
    grantors: readonly string[]
    body: string
  }) => ({
    message: `${d.who} may not send ${d.command}: it takes the role ${d.roles.join(' or ')}.`,
    hint:
      d.grantors.length > 0
        ? `Approvers of ${d.grantors.join(', ')} can grant it to their members (act grantRole), or ${d.body} by a proposal of the kind grantRole.`
        : `Only a proposal of the kind grantRole gives it, decided by ${d.body}.`,
  }),

  // Organisations.
  BAD_ID: (d: { id: string }) => ({
    message: `"${d.id}" is no id.`,
    hint: 'Use 1 to 32 lower-case letters, digits and hyphens, a letter or digit first.',
  }),
  NOT_A_MEMBER: (d: { who: Address }) => ({
    message: `${d.who} is a member of no organisation.`,
    hint: 'Approvers of an organisation can invite it.',
  }),
  NOT_AN_APPROVER: (d: { who: Address; organisation: string }) => ({
    message: `${d.who} is no approver of ${d.organisation}.`,
    hint: 'Have one of its approvers send it (query organisation).',
  }),
  ALREADY_APPROVED: (d: { who: Address; approvals: number; needed: number }) => ({
    message: `${d.who} has approved this; it has ${d.approvals} of ${d.needed} approvals.`,
    hint: 'Another approver must send the same act.',
  }),
  TOO_MANY_ACTS: (d: { organisation: string; max: number }) => ({
    message: `${d.organisation} has ${d.max} acts that wait for approvals.`,
    hint: 'Approve some, or wait until they run out (query acts).',
  }),
  UNKNOWN_ORGANISATION: (d: { id: string }) => ({
    message: `There is no organisation ${d.id}.`,
    hint: 'The query organisations lists them.',
  }),
  ORGANISATION_EXISTS: (d: { id: string }) => ({
    message: `There is an organisation ${d.id} already.`,
    hint: 'Choose another id.',
  }),
  TOO_MANY_ORGANISATIONS: (d: { max: number }) => ({
    message: `The alliance has ${d.max} organisations already.`,
    hint: 'Let one leave first, or have the newcomer join one of them.',
  }),
  ALREADY_A_MEMBER: (d: { who: Address; organisation: string }) => ({
    message: `${d.who} is a member of ${d.organisation}.`,
    hint: 'An account belongs to one organisation; leave it first, or use another account.',
  }),
  NOT_INVITED: (d: { who: Address; organisation: string }) => ({
    message: `${d.who} has no invitation of ${d.organisation}.`,
    hint: 'Ask its approvers for one (act invite); an old one may have run out.',
  }),
  NOT_OF_ORGANISATION: (d: { who: Address; organisation: string }) => ({
    message: `${d.who} is no member of ${d.organisation}.`,
    hint: 'The query members lists them.',
  }),
  TOO_MANY_APPROVERS: (d: { organisation: string; max: number }) => ({
    message: `${d.organisation} has ${d.max} approvers already.`,
    hint: 'Give one of them another standing first.',
  }),
  TOO_FEW_APPROVERS: (d: { organisation: string; have: number; want: number }) => ({
    message: `${d.organisation} would have ${d.have} approvers who can act, but needs ${d.want} approvals.`,
    hint: 'Lower the approvals that it needs, or add approvers first; frozen ones do not count.',
  }),

  // Roles.
  UNKNOWN_ROLE: (d: { role: string }) => ({
    message: `There is no role ${d.role}.`,
    hint: 'A proposal of the kind role defines one.',
  }),
  NOT_A_GRANTOR: (d: { organisation: string; role: string; grantors: readonly string[] }) => ({
    message: `${d.organisation} may not grant or revoke ${d.role}.`,
    hint:
      d.grantors.length > 0
        ? `${d.grantors.join(', ')} may, to their members; any other way is a proposal.`
        : 'Only a proposal may.',
  }),
  ROLE_HELD: (d: { who: Address; role: string }) => ({
    message: `${d.who} has the role ${d.role}.`,
    hint: 'There is nothing to do.',
  }),
  ROLE_NOT_HELD: (d: { who: Address; role: string }) => ({
    message: `${d.who} does not have the role ${d.role} that would be revoked.`,
    hint: 'Look at the query holders; what a proposal granted, a proposal revokes.',
  }),
  TOO_MANY_ROLES: (d: { command: string; max: number }) => ({
    message: `${d.command} is permitted by ${d.max} roles already.`,
    hint: 'Add people to one of these roles instead.',
  }),
  UNKNOWN_COMMAND: (d: { command: string }) => ({
    message: `This chain has no command ${d.command}.`,
    hint: 'Name a module and one of its commands as chain_metadata lists them.',
  }),
  CANNOT_RESTRICT: (d: { command: string }) => ({
    message: `${d.command} cannot be restricted.`,
    hint: 'Commands of admin and kernel have their own rules.',
  }),

  // Genesis.
  ONLY_RULES_CHANGE: (d: { parameter: string }) => ({
    message: `The chain file lets ${d.parameter} change.`,
    hint: 'Of the parameters of admin only rules can be governable.',
  }),
  TOO_MANY_COUNCILLORS: (d: { got: number; max: number }) => ({
    message: `The first council has ${d.got} members, but ${d.max} seats.`,
    hint: 'Name fewer, or give the council more seats.',
  }),

  // Proposals.
  NOT_ON_THIS_CHAIN: (d: { what: string }) => ({
    message: `This chain has no ${d.what}.`,
    hint: 'The chain file decides what its administration has.',
  }),
  NO_RIGHT_TO_PROPOSE: (d: { who: Address }) => ({
    message: `${d.who} may not propose alone.`,
    hint: 'Councillors may, and whoever locks the deposit where coins vote; organisations propose by the act propose.',
  }),
  TOO_MANY_PROPOSALS: (d: { max: number }) => ({
    message: `The proposer has ${d.max} proposals open.`,
    hint: 'Wait until one of them is closed.',
  }),
  BAD_EXECUTION_HEIGHT: (d: { height: bigint; min: bigint; max: bigint }) => ({
    message: `Execution at height ${d.height} is not between ${d.min}, when the vote ends, and ${d.max}.`,
    hint: 'Choose a height between them, or none to execute when the vote ends.',
  }),
  UNKNOWN_PROPOSAL: (d: { proposal: bigint }) => ({
    message: `There is no proposal ${d.proposal}.`,
    hint: 'The query proposals lists them.',
  }),
  VOTE_OVER: (d: { proposal: bigint; until: bigint }) => ({
    message: `The vote on proposal ${d.proposal} ended at height ${d.until}.`,
    hint: 'Look at the query proposal for what came of it.',
  }),
  NO_VOTE: (d: { who: Address; body: string }) => ({
    message: `${d.who} has no vote here; ${d.body} decide.`,
    hint: 'Organisations vote by the act vote, coins once they are locked (command stake), councillors by the command vote.',
  }),
  NOT_GOVERNABLE: (d: { parameter: string; governable: readonly string[] }) => ({
    message: `The parameter ${d.parameter} is fixed for ever.`,
    hint:
      d.governable.length > 0
        ? `This chain can change ${d.governable.join(', ')}.`
        : 'This chain can change none.',
  }),
  BAD_VALUE: (d: { parameter: string; why: string }) => ({
    message: `The value for ${d.parameter} cannot be read: ${d.why}`,
    hint: 'Give the BCS of the parameter’s type.',
  }),
  NOTHING_TO_CHANGE: () => ({
    message: 'It is so already.',
    hint: 'Look at the state as it is; the query diff shows what a proposal changes.',
  }),
  BAD_RULES: (d: { kind: string; why: string }) => ({
    message: `Nothing of the kind ${d.kind} could be decided any more: ${d.why}.`,
    hint: 'Correct that rule.',
  }),
  BODY_CANNOT_DECIDE: (d: {
    kind: string
    body: string
    able: bigint
    electorate: bigint
    percent: number
  }) => ({
    message: `Nothing of the kind ${d.kind} could be decided any more: ${d.able} of ${d.electorate} (${d.body}) could vote, ${d.percent} % must.`,
    hint: 'Change less, or lower the participation that the rule asks for first.',
  }),
  NO_QUORUM: (d: { validators: number; tolerated: number; joining: number; silent: number }) => ({
    message: `${d.validators} validators go on with ${d.tolerated} of them down, but ${d.joining} would be new and ${d.silent} are down now.`,
    hint: 'Let fewer join at a time, wait until the new ones have made a block, or let those that are down leave first.',
  }),
  NOT_A_VALIDATOR: (d: { validator: Address }) => ({
    message: `${d.validator} is no validator of the next epoch.`,
    hint: 'Name one that is (query next of validators).',
  }),
  ALREADY_A_VALIDATOR: (d: { validator: Address }) => ({
    message: `${d.validator} is a validator.`,
    hint: 'To change its key, have it leave in the same proposal.',
  }),
  CANNOT_FREEZE: (d: { module: string }) => ({
    message: `The module ${d.module} cannot be frozen.`,
    hint: 'Nobody could lift it again.',
  }),
  UNKNOWN_MODULE: (d: { module: string }) => ({
    message: `This chain has no module ${d.module}.`,
    hint: 'Name one of chain_metadata.',
  }),
  UPGRADE_TOO_SOON: (d: { height: bigint; executeAt: bigint }) => ({
    message: `The upgrade would begin at height ${d.height}, but the proposal is executed at ${d.executeAt} at the earliest.`,
    hint: 'Leave the nodes time to install the release: choose a later height.',
  }),

  // Stake and council.
  ZERO_AMOUNT: () => ({ message: 'The amount is 0.', hint: 'Name at least one unit.' }),
  INSUFFICIENT_STAKE: (d: { who: Address; have: bigint; want: bigint }) => ({
    message: `${d.who} has ${d.have} units at stake, but ${d.want} are needed.`,
    hint: 'The query stake shows what is there.',
  }),
  STAKE_VOTES: (d: { until: bigint }) => ({
    message: `The stake stands behind a vote until height ${d.until}.`,
    hint: 'Take it back after that height.',
  }),
  ALREADY_A_CANDIDATE: (d: { who: Address }) => ({
    message: `${d.who} stands for the council.`,
    hint: 'There is nothing to do.',
  }),
  NOT_A_CANDIDATE: (d: { who: Address }) => ({
    message: `${d.who} does not stand for the council.`,
    hint: 'The query candidates lists who does.',
  }),
  NO_ELECTOR: (d: { who: Address; electors: string }) => ({
    message: `${d.who} does not elect the council; ${d.electors} do.`,
    hint: 'Organisations back candidates by the act back, coins once they are locked (command stake).',
  }),
  ALREADY_BACKED: (d: { candidate: Address }) => ({
    message: `${d.candidate} is backed by this elector.`,
    hint: 'There is nothing to do.',
  }),
  NOT_BACKED: (d: { candidate: Address }) => ({
    message: `${d.candidate} is not backed by this elector.`,
    hint: 'The query backed lists who is.',
  }),
  TOO_MANY_BACKED: (d: { max: number }) => ({
    message: `An elector backs ${d.max} candidates at most, as many as there are seats.`,
    hint: 'Take one back first (unback).',
  }),
}
